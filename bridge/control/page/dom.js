// Makes elements, and brings what is shown up to what should be. Whatever the bridge has been told
// by others (topics, payloads, reasons) becomes text here, and nothing else.

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * @param {Element} element
 * @param {Record<string, string | number | boolean | null | undefined>} attributes false, null: none
 * @param {Child[]} children
 */
function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === false || child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  return /** @type {HTMLElement} */ (furnish(document.createElement(tag), attributes, children));
}

/** As el(), of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

function sameKind(one, other) {
  return one && one.nodeType === other.nodeType && one.nodeName === other.nodeName &&
    (one.nodeType !== Node.ELEMENT_NODE || one.getAttribute('data-key') ===
     other.getAttribute('data-key'));
}

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // What a person opened stays open.
    if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/**
 * Makes the children of `old` what those of `fresh` are, and leaves alone what is so already: who
 * has the focus keeps it, and a screen reader is told of nothing that has not changed.
 * @param {Element} old @param {Element} fresh
 */
export function patch(old, fresh) {
  const wanted = [...fresh.childNodes];
  wanted.forEach((node, place) => {
    let there = old.childNodes[place];
    if (node instanceof Element && node.hasAttribute('data-key') && !sameKind(there, node)) {
      // It may only have moved.
      const moved = [...old.childNodes].slice(place).find((each) => sameKind(each, node));
      if (moved) {
        old.insertBefore(moved, there ?? null);
        there = moved;
      }
    }
    if (!sameKind(there, node)) {
      old.insertBefore(node, there ?? null);
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      patchAttributes(there, node);
      patch(/** @type {Element} */ (there), /** @type {Element} */ (node));
    } else if (there.nodeValue !== node.nodeValue) {
      there.nodeValue = node.nodeValue;
    }
  });
  while (old.childNodes.length > wanted.length) old.lastChild?.remove();
}

/** Shows these in a place of the page. @param {string} id @param {...Child} children */
export function show(id, ...children) {
  patch(byId(id), el('div', {}, ...children));
}

/**
 * A table of which each column has a heading, and each row is told apart by its first cell.
 * @param {string} caption
 * @param {(string | { text: string, number?: boolean, hidden?: boolean })[]} columns
 * @param {{ key: string, cells: Child[] }[]} rows
 */
export function table(caption, columns, rows) {
  const heads = columns.map((column) =>
    typeof column === 'string' ? { text: column } : column);
  return el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    el('table', {},
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, heads.map((head) =>
        el('th', { scope: 'col', class: head.number && 'number' },
          head.hidden ? el('span', { class: 'unseen' }, head.text) : head.text)))),
      el('tbody', {}, rows.map((row) =>
        el('tr', { 'data-key': row.key }, row.cells.map((cell, place) =>
          place === 0 ? el('th', { scope: 'row' }, cell)
            : el('td', heads[place].hidden ? { class: 'unnamed' }
              : { class: heads[place].number && 'number', 'data-label': heads[place].text },
              cell !== null && cell !== '' && el('div', {}, cell))))))));
}
