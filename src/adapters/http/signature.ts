/** Errors that say which node they come from, for those who ask through a balancer. Only the envelope of errors is signed. */
const ERROR_HEAD = '{"Code":"ERROR","Message":"';

/** `identity`: '' signs nothing. What another node has signed already stays as it is. */
export function signed(body: string, identity: string): string {
  if (identity === '' || !body.startsWith(ERROR_HEAD)) return body;
  const message = body.slice(ERROR_HEAD.length);
  if (/^Orchestrator (?:[^"\\]|\\.)+? says: /.test(message)) return body;
  return `${ERROR_HEAD}Orchestrator ${JSON.stringify(identity).slice(1, -1)} says: ${message}`;
}
