/**
 * What tells a request that another node passes on from one whose caller merely says so: of the former the other node has
 * already found that no page of another site asked for it, and not too often. Nodes have the founding of their cluster in
 * common, drawn at random and shown by no door of clients; with it they sign what they ask for. A node that does not know the
 * founding, or that reads none, is a caller like any other, and loses nothing but that.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The id of the node that passes on. Whoever says so, such a request is not passed on again. */
export const FORWARDED_BY = 'x-orchestrator-forwarded-by';
export const FORWARDED_PROOF = 'x-orchestrator-forwarded-proof';

/** `target`: path and query, as they are sent. */
export function proofOf(founding: string, nodeId: string, target: string): string {
  return createHmac('sha256', founding)
    .update(JSON.stringify([nodeId, target]))
    .digest('base64url');
}

/** Did a node of this cluster look at it before? `founding`: null as long as it is not known. */
export function isFromNode(headers: IncomingHttpHeaders, target: string, founding: string | null): boolean {
  const [by, given] = [headers[FORWARDED_BY], headers[FORWARDED_PROOF]];
  if (founding === null || typeof by !== 'string' || typeof given !== 'string') return false;
  const [expected, shown] = [Buffer.from(proofOf(founding, by, target)), Buffer.from(given)];
  return expected.length === shown.length && timingSafeEqual(expected, shown);
}
