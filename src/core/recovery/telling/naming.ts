/**
 * What went wrong on a server is told under the server's name, by lists of many as well as by the error of one step, which names
 * its server itself because it may stand alone in a log. Where the two meet the name is said once.
 */

/** `text` without the name that it begins with. */
export function withoutName(name: string, text: string): string {
  return text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
}

export function named(name: string, text: string): string {
  return `${name}: ${withoutName(name, text)}`;
}
