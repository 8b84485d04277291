/** What grpc-js says of a failed connection, without what only its own authors read: operators see these words. */

const WRAPPING = [
  /^No connection established\. (?:Last error: )?/,
  /^Error: /,
  / ?\(\d{4}-\d\d-\d\dT[^)]*\)/g,
  /\.? ?Resolution note: ?\.?$/,
] as const;

export function plainWords(details: string): string {
  const plain = WRAPPING.reduce<string>((text, noise) => text.replace(noise, ''), details).trim();
  return plain === '' ? details : plain;
}
