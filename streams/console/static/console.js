// Keeps the page honest about time and connection, and opens questions in a dialog.
"use strict";

(function () {
  const live = document.getElementById("live");
  const dialog = document.getElementById("dialog");
  const lost = document.getElementById("lost");
  const ahead = live ? Number(live.dataset.now) - Date.now() : 0; // this clock may be wrong, the console's is not
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let open = [];

  function relative(at) {
    const seconds = Math.round((at - Date.now() - ahead) / 1000);
    const size = Math.abs(seconds);
    if (size > 30 * 86400) return "";
    if (size < 2) return "now";
    const [unit, length] = UNITS.find(([, length]) => size >= length);
    const count = `${Math.floor(size / length)} ${unit}`;
    return seconds < 0 ? `${count} ago` : `in ${count}`;
  }

  function tellTimes() {
    for (const span of document.querySelectorAll(".ago")) {
      const text = relative(Number(span.dataset.at));
      if (span.textContent !== text) span.textContent = text;
    }
  }

  function isOurs(event) {
    return event.detail.elt && (event.detail.elt.id === "live" || event.detail.elt.id === "counters");
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (lost && isOurs(event)) lost.hidden = event.detail.successful;
  });

  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.target === dialog) window.location.assign(event.detail.elt.href);
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === live) open = Array.from(live.querySelectorAll("details[open]"), (one) => one.id);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog) dialog.showModal();
    if (event.detail.target === live) {
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    }
    tellTimes();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-cancel]") && dialog && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });

  tellTimes();
  setInterval(tellTimes, 1000);
})();
