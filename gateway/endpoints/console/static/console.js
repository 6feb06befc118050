// What the console needs beyond htmx: times in the reader's zone, copying, choosing all, the theme. No page depends on it.
"use strict";
(() => {
  const language = document.documentElement.lang || "en";
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const near = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

  function words(moment) {
    const seconds = (moment - Date.now()) / 1000;
    if (Math.abs(seconds) > 7 * 86400) return near.format(moment);
    for (const [unit, size] of UNITS) {
      if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
    }
    return relative.format(Math.trunc(seconds), "second");
  }

  function times(root) {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      element.textContent = words(moment);
      element.title = `${exact.format(moment)} (${element.dateTime})`;
    }
  }

  function clicked(event) {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => say(copy.dataset.copied || ""));
      return;
    }
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) choose(theme.dataset.themeChoice);
  }

  function say(text) {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
  }

  function choose(theme) {
    document.cookie = `usher-theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax; Secure`;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  function all(event) {
    const box = event.target.closest("[data-selects]");
    if (!box) return;
    for (const each of document.querySelectorAll(`input[name="${box.dataset.selects}"]`)) each.checked = box.checked;
  }

  document.addEventListener("click", clicked);
  document.addEventListener("change", all);
  function begun() {
    times(document);
    if (matchMedia("(max-width: 56rem)").matches) document.querySelector(".side > details")?.removeAttribute("open");
  }

  document.addEventListener("DOMContentLoaded", begun);
  document.addEventListener("htmx:afterSwap", (event) => times(event.detail.target.parentElement || document));
  document.addEventListener("htmx:responseError", (event) => say(`${event.detail.xhr.status} ${event.detail.xhr.statusText}`));
  setInterval(() => times(document), 30000);
})();
