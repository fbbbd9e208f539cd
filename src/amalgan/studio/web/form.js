// A form that the server describes: its fields, and what was given.

import { field, h, note } from "./dom.js";
import { dataButton, modelSelect } from "./picking.js";

/** @typedef {{name: string, title: string, kind: string, default: any, choices: [string, string][], least: number, most: number, whole: boolean, note: string}} Field */

/** @param {Field} one @param {any[]} models @param {string[]} abilities
 * @returns {{element: HTMLElement, value: () => any, set: (value: any) => void}} */
function control(one, models, abilities) {
  if (one.kind === "data") {
    const data = dataButton(() => {});
    return { element: field(one.title, data), value: () => data.chosen?.id ?? "", set: () => {} };
  }
  if (one.kind === "switch") {
    const box = h("input", { type: "checkbox", checked: Boolean(one.default) });
    return { element: h("label", { class: "tick" }, box, one.title), value: () => box.checked, set: (value) => { box.checked = value; } };
  }
  const input = one.kind === "model" ? modelSelect(models, abilities)
    : one.kind === "choice" ? h("select", {}, ...one.choices.map(([value, name]) => h("option", { value, selected: value === one.default }, name)))
    : one.kind === "number" ? h("input", { type: "number", min: one.least, max: one.most, step: one.whole ? 1 : "any", value: one.default })
    : h("input", { type: "text", value: one.default, spellcheck: "false", placeholder: one.kind === "size" ? "by the pictures and the time" : "" });
  const remark = one.note ? note(one.note) : null;
  return { element: field(one.title, input, remark), value: () => input.value, set: (value) => { input.value = value ?? ""; } };
}

/** All fields of a form. @param {Field[]} fields @param {any[]} models @param {string[]} abilities
 * @returns {{controls: Map<string, HTMLElement>, values: () => Record<string, any>, set: (name: string, value: any) => void}} */
export function form(fields, models, abilities) {
  const all = new Map(fields.map((one) => [one.name, control(one, models, abilities)]));
  return {
    controls: new Map([...all].map(([name, one]) => [name, one.element])),
    values: () => Object.fromEntries([...all].map(([name, one]) => [name, one.value()])),
    set: (name, value) => all.get(name)?.set(value),
  };
}
