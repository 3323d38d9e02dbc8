/* Runs before the page's module, in any browser: says in plain words what is missing. Written for the oldest engines. */
(function () {
  "use strict";
  function isSupported() {
    return (
      "noModule" in HTMLScriptElement.prototype &&
      typeof Intl === "object" &&
      typeof Intl.Segmenter === "function" &&
      typeof ReadableStream === "function" &&
      typeof Response === "function" &&
      "body" in Response.prototype &&
      typeof URL.canParse === "function" &&
      typeof Array.prototype.toReversed === "function" &&
      typeof CSS === "object" &&
      CSS.supports("color", "light-dark(#000, #fff)")
    );
  }
  if (isSupported()) return;
  document.documentElement.setAttribute("data-unsupported", "");
  document.addEventListener("DOMContentLoaded", function () {
    document.getElementById("unsupported").removeAttribute("hidden");
  });
})();
