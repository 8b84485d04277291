/** The description of the API: for programs as OpenAPI, for people as a page. Both are made once. */
import { type OpenApiDocument, openApiDocument, type RouteGroup } from '../openapi/document.js';
import { API_PAGE_STYLE, apiPage } from '../openapi/page.js';
import type { Reply } from '../reply.js';
import { aboutNode, type Door, type Route } from '../route.js';

const DOCUMENT_TYPE = 'application/json; charset=utf-8';

/** `groups` in the order in which they are shown; these routes are added to the last of them. */
export function apiDescriptionRoutes(groups: readonly RouteGroup[], urlPrefix: string): readonly Route[] {
  let kept: { readonly version: string; readonly document: OpenApiDocument } | null = null;
  const document = ({ service }: Door): OpenApiDocument => {
    const { version } = service.node();
    if (kept?.version !== version) kept = { version, document: openApiDocument(groups, version, urlPrefix) };
    return kept.document;
  };
  return [
    aboutNode('/api/v1/openapi.json', (_call, door) => text(DOCUMENT_TYPE, JSON.stringify(document(door)))),
    aboutNode('/api/v1/docs', (_call, door) => text('text/html; charset=utf-8', apiPage(document(door)))),
    aboutNode('/api/v1/docs.css', () => text('text/css; charset=utf-8', API_PAGE_STYLE)),
  ];
}

function text(contentType: string, body: string): Reply {
  return { status: 200, contentType, body, headers: { 'cache-control': 'no-cache' } };
}
