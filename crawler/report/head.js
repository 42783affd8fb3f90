"use strict";
// Before anything is painted: the theme that was chosen last time.
try {
  const kept = localStorage.getItem("swr-crawler-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // No storage here (a sandbox, a strict browser): the system's theme holds.
}
