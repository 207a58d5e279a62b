// As what a phone is looked at; the page remembers it for each.

import { byId } from "./dom.js";

const FIRST = "telegram";
const keyOf = (phone) => `look-${phone.id}`;

export class LookSwitch {
  /** `onChange` is given the look that was chosen. */
  constructor(onChange) {
    this.buttons = [...byId("looks").children];
    for (const button of this.buttons) {
      button.addEventListener("click", () => {
        if (button.dataset.look === this.look) return;
        localStorage.setItem(keyOf(this.phone), button.dataset.look);
        onChange(this.show(this.phone));
      });
    }
  }

  /** Give the page the look of this phone. */
  show(phone) {
    this.phone = phone;
    this.look = localStorage.getItem(keyOf(phone)) ?? FIRST;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.look === this.look));
    byId("phone").dataset.look = this.look;
    byId("pass-day").hidden = this.look !== "whatsapp";
    return this.look;
  }

  forget(phone) {
    localStorage.removeItem(keyOf(phone));
  }
}
