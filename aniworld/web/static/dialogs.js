/* Questions before something is lost. */

import { find, findAll, make, setText } from "./dom.js";

/** Asks; true if the person agreed. `body` is a text or an element. The safe answer has the focus. */
export function confirm({ title, body = "", yes, danger = true }) {
  const dialog = find("#confirm");
  setText(find("#confirm-title"), title);
  find("[data-confirm-body]").replaceChildren(body instanceof Element ? body : make("p", {}, body));
  const agree = find("[data-confirm-yes]");
  setText(agree, yes);
  agree.className = danger ? "btn btn-danger" : "btn btn-primary";
  dialog.returnValue = "";
  dialog.showModal();
  find("[data-confirm-no]").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** A menu opens under its button and scrolls with it. */
export function readyMenus() {
  for (const button of findAll("[popovertarget]")) {
    const menu = find(`#${button.getAttribute("popovertarget")}`);
    menu.addEventListener(
      "beforetoggle",
      (event) => event.newState === "open" && placeUnder(menu, button.getBoundingClientRect()),
    );
  }
}

function placeUnder(menu, box) {
  const width = document.documentElement.clientWidth;
  const onTheRight = box.left > width / 2;
  menu.style.top = `${box.bottom + scrollY + 4}px`;
  menu.style.left = onTheRight ? "auto" : `${box.left}px`;
  menu.style.right = onTheRight ? `${width - box.right}px` : "auto";
}

/** A sheet closes by a click beside it and by its [data-close] buttons. */
export function readySheets() {
  for (const sheet of document.querySelectorAll("dialog.sheet")) {
    sheet.addEventListener("click", (event) => {
      if (event.target === sheet || (event.target instanceof Element && event.target.closest("[data-close]")))
        sheet.close();
    });
  }
}
