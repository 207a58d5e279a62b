// Small tools for building elements. Text is always set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; `attributes` whose name starts with "on" are listeners, null and false are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Draw one of the icons of the page's sprite. */
export function icon(name, label = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon i-${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Find an element by its id. */
export const byId = (id) => document.getElementById(id);

/** Let a button open and close a menu; a click elsewhere or Escape closes it. */
export function menuOf(button, menu) {
  const show = (isOpen) => {
    menu.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) menu.querySelector("button").focus();
  };
  const leave = (event) => {
    if (!menu.hidden && !menu.contains(event.target) && !button.contains(event.target)) show(false);
  };
  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("click", () => show(false));
  for (const name of ["pointerdown", "focusin"]) document.addEventListener(name, leave);
  document.addEventListener("keydown", (event) => {
    if (menu.hidden || event.key !== "Escape") return;
    show(false);
    button.focus();
  });
}
