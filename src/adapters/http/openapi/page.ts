/** The description as a page for people: plain HTML with a style sheet of our own, because nothing from elsewhere may run here. */
import type { OpenApiDocument, Operation, Parameter } from './document.js';

export function apiPage({ info, tags, paths, servers }: OpenApiDocument): string {
  const [{ url } = { url: '/' }] = servers;
  const base = url === '/' ? '' : url;
  const operations = Object.entries(paths).map(([path, { get }]) => ({ path, get }));
  const sections = tags.map(({ name }) => {
    const own = operations.filter(({ get }) => get.tags.includes(name));
    if (own.length === 0) return '';
    return `<section id="${escaped(name)}"><h2>${escaped(name)}</h2>${own.map((one) => entry(one, base)).join('')}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>orchestrator API</title><link rel="stylesheet" href="${base}/api/v1/docs.css"></head>
<body><header><h1>orchestrator API <small>${escaped(info.version)}</small></h1>
<p>${escaped(info.description)}</p><p><a href="${base}/api/v1/openapi.json">openapi.json</a></p>
<nav>${tags.map(({ name }) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join(' ')}</nav></header>
<main>${sections.join('\n')}</main></body></html>
`;
}

function entry({ path, get }: { readonly path: string; readonly get: Operation }, base: string): string {
  const role = get['x-orchestrator-role'];
  const isPlain = role === 'viewer' && !path.includes('{');
  const link = isPlain ? `<p><a href="${base}${escaped(path)}">ask</a></p>` : '';
  const rows = get.parameters.map(row).join('');
  const table = rows === '' ? '' : `<table>${rows}</table>`;
  return (
    `<details id="${escaped(get.operationId)}"><summary><code>${escaped(path)}</code> <span class="${role}">${role}</span></summary>` +
    `<p>${escaped(get.description)}</p>${table}${link}</details>`
  );
}

function row({ name, in: where, description = '' }: Parameter): string {
  return `<tr><td><code>${escaped(name)}</code></td><td>${where}</td><td>${escaped(description)}</td></tr>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export const API_PAGE_STYLE = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
h2 { margin-top: 2rem; }
nav a { margin-right: 0.7rem; }
details { border-bottom: 1px solid color-mix(in srgb, currentcolor 20%, transparent); padding: 0.3rem 0; }
summary { cursor: pointer; }
summary span { font-size: 0.8em; margin-left: 0.6rem; padding: 0 0.4rem; border: 1px solid; border-radius: 0.3rem; }
.viewer { color: #3a7d44; } .operator { color: #b26a00; } .admin { color: #b3261e; }
table { border-spacing: 1rem 0.1rem; }
@media (prefers-color-scheme: dark) { .viewer { color: #7fc98a; } .operator { color: #ffb74d; } .admin { color: #f2857d; } }
`;
