"use strict";
// Runs before anything is painted, so that the theme chosen last time is there from the start.
try {
  const stored = localStorage.getItem("swr-crawler-theme");
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
} catch {
  // No storage here (a sandbox, a strict browser): the system's theme applies.
}
