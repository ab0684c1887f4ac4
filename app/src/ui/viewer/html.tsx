import { createElement, Fragment, type ReactNode } from 'react';

/** Elements that are shown, as which; others give their text, and nothing has attributes. */
const SHOWN: Record<string, string> = {
  p: 'p',
  div: 'div',
  ul: 'ul',
  ol: 'ol',
  li: 'li',
  table: 'table',
  thead: 'thead',
  tbody: 'tbody',
  tr: 'tr',
  th: 'th',
  td: 'td',
  caption: 'caption',
  b: 'strong',
  strong: 'strong',
  i: 'em',
  em: 'em',
  br: 'br',
  pre: 'pre',
  blockquote: 'blockquote',
  dl: 'dl',
  dt: 'dt',
  dd: 'dd',
};
const HEADINGS = /^h[1-6]$/;
/** What is not text to be read. */
const SILENT = ['script', 'style', 'head', 'template', 'noscript', 'iframe', 'object', 'svg', 'title'];

const CLASSES: Record<string, string> = {
  ul: 'list-disc ps-3',
  ol: 'list-decimal ps-3',
  th: 'border border-line p-1 text-start align-top',
  td: 'border border-line p-1 align-top',
  pre: 'whitespace-pre-wrap',
};

/**
 * A text in HTML, as FHIR's narratives are, made anew of what may be shown: no script, style, link, image or
 * attribute of the source comes along, and nothing is fetched.
 */
export function CleanHtml({ html }: { html: string }) {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  return <div className="flex flex-col gap-1 overflow-x-auto">{children(body)}</div>;
}

function children(node: Node): ReactNode {
  return [...node.childNodes].map((child, index) => clean(child, index));
}

function clean(node: Node, key: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  const name = (node as Element).tagName.toLowerCase();
  if (SILENT.includes(name)) return null;
  const shown = HEADINGS.test(name) ? 'p' : SHOWN[name];
  if (shown === undefined) return <Fragment key={key}>{children(node)}</Fragment>;
  if (shown === 'br') return <br key={key} />;
  // White space between rows and cells is no text, and React allows none.
  const isTable = ['table', 'thead', 'tbody', 'tr'].includes(shown);
  const inside = isTable
    ? [...node.childNodes].map((child, index) => (child.nodeType === Node.TEXT_NODE ? null : clean(child, index)))
    : children(node);
  const className = HEADINGS.test(name) ? 'font-bold' : CLASSES[shown];
  return createElement(shown, { key, className }, inside);
}

/** Whether there is anything to read in it. */
export function hasText(html: string): boolean {
  return (new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '').trim() !== '';
}
