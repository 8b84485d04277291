/** Addresses of the incumbent's pages lead to our own: bookmarks and links in old alerts go on working. */
import { redirect } from '../reply.js';
import { aboutNode, type Route } from '../route.js';

/** `prefix` is '' or `/path`: the page lives at `<prefix>/`, with the chosen cluster behind the #. */
export function pageRoutes(prefix: string): readonly Route[] {
  const home = `${prefix}/`;
  const cluster = (path: string, parameter: string): Route =>
    aboutNode(path, (call) => redirect(`${home}#${encodeURIComponent(call.param(parameter))}`));
  return [
    cluster('/web/cluster/:name', 'name'),
    cluster('/web/cluster/alias/:alias', 'alias'),
    aboutNode('/web/cluster/instance/:host/:port', (call) =>
      redirect(`${home}#${encodeURIComponent(`${call.param('host')}:${call.param('port')}`)}`),
    ),
    aboutNode('/web', () => redirect(home)),
    aboutNode('/web/*', () => redirect(home)),
  ];
}
