/** The oldest browsers that the page is built for; public/browser-check.js tells those that are older. Used by the builds. */
export const target: string[] = ["chrome123", "firefox125", "safari17.5"];
