// Applies the chosen theme before the first paint. A file of its own, because
// the Content-Security-Policy allows no inline script.
try {
  const theme = localStorage.getItem("rowcast.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme holds.
}
