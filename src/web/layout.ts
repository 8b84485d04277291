/** Where each server is drawn: sources above their replicas. Dagre does it, rings and several roots included. */
import { Graph, layout } from '@dagrejs/dagre';
import type { ServerView } from './overview.js';

export const NODE_WIDTH = 230;
export const NODE_HEIGHT = 76;

export function layOut(servers: readonly ServerView[]): ReadonlyMap<string, { x: number; y: number }> {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 30, ranksep: 60 });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = new Set(servers.map((server) => server.id));
  for (const server of servers) graph.setNode(server.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const server of servers) {
    if (server.source !== null && ids.has(server.source)) graph.setEdge(server.source, server.id);
  }
  layout(graph);
  return new Map(
    servers.map((server) => {
      const { x, y } = graph.node(server.id) as { x: number; y: number };
      return [server.id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}
