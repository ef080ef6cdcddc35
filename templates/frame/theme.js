// Before the first paint, as a plain script in the head: light or dark as the system says.
(function () {
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function set() {
    document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light";
  }
  set();
  dark.addEventListener("change", set);
})();
