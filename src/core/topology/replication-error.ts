/**
 * Errors of replication threads as material facts. MySQL writes the number of the attempt and the waiting time into the
 * text, so that a replica of a dead primary has a new error every second: taken as it is, each would be an entry of the
 * log, from every replica, in the very minutes when the log has better things to carry.
 */
import type { ReplicationError } from './server.js';

/** Far longer than any that helps, and a bound on what one server can put into the log. */
const MAX_CHARACTERS = 1_000;

const FLEETING: readonly RegExp[] = [
  // MySQL 8.0.20 and later: "This was attempt 3/86400, with a delay of 60 seconds between attempts."
  /\s*This was attempt \d+\/\d+, with a delay of \d+ seconds? between attempts\./gi,
  // Before, and MariaDB: "- retry-time: 60  retries: 3", "retry-time: 1  maximum-retries: 100000".
  /\s*-?\s*retry-time:\s*\d+/gi,
  /\s*(?:maximum-)?retries:\s*\d+/gi,
  // Times of day in any of the servers' forms.
  /\s*\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?\b/g,
  /\s*\b\d{6} {1,2}\d{1,2}:\d{2}:\d{2}\b/g,
];

/** Null when the thread has no error. */
export function replicationError(number: number, text: string): ReplicationError | null {
  if (number === 0 && text === '') return null;
  let stable = text;
  for (const pattern of FLEETING) stable = stable.replace(pattern, '');
  stable = stable.replace(/\s+/g, ' ').trim();
  return { number, text: stable.length > MAX_CHARACTERS ? `${stable.slice(0, MAX_CHARACTERS)}...` : stable };
}
