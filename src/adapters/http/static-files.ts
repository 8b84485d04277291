/** The page, when it was built. A node without it works; its front door then says so instead of failing. */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const WITHOUT_PAGE = 'This orchestrator was built without its page. The API is at api/, metrics are at metrics.\n';

export async function serveStaticFiles(app: FastifyInstance, webRoot: string | null, prefix: string): Promise<void> {
  if (webRoot === null || !existsSync(join(webRoot, 'index.html'))) {
    app.get(`${prefix}/`, (_request, reply) => reply.type('text/plain; charset=utf-8').send(WITHOUT_PAGE));
    return;
  }
  const hashed = `${sep}assets${sep}`;
  await app.register(fastifyStatic, {
    root: webRoot,
    prefix: `${prefix}/`,
    index: false,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (response, path) => {
      // Names of assets change with their content; the page that names them must be asked for each time.
      response.setHeader('cache-control', path.includes(hashed) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get(`${prefix}/`, (request, reply) => {
    const [path = ''] = request.url.split('?');
    // The page's own addresses are relative: below `/prefix` without the slash they would lead one level too high.
    if (!path.endsWith('/')) return reply.redirect(`${prefix}/`);
    return reply.sendFile('index.html');
  });
}
