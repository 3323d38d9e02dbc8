/**
 * The document in which a diagram is drawn, and what it loads. It is no part of the page's origin, wherever it is
 * opened; it reaches nothing but its own scripts, which carry no secrets: so any frame may load them, without the
 * cookie that a sandbox does not have. Styles come with each drawing.
 */
export const diagramHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  "Access-Control-Allow-Origin": "*",
};

/** Headers of every answer; the composition root sets them on Node's response before any route runs. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "font-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
