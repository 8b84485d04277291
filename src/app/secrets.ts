/**
 * Every secret that the configuration holds or has held since the start, so that none is written or answered, whichever way
 * it came into a text: a statement in an error, for one. They are found by their type, so that no list can miss a new one.
 */
import type { Config } from './config/config.js';
import { Secret } from './config/secret.js';

/** A shorter one would be found by chance in half of all lines. */
const LENGTH_MIN = 5;
/** A password that is our own name hides nothing, and would cut the name out of every line. */
const PROGRAM_NAME = 'orchestrator';
const CUT_OUT = '(secret)';

export class Secrets {
  readonly #known = new Set<string>();
  /** The longest first: one may be part of another. */
  #forms: readonly string[] = [];

  constructor(texts: readonly string[] = []) {
    this.#add(texts);
  }

  /** Those of before stay known: lines about them may still come. */
  learn(config: Config): void {
    const texts = [...secretsIn(config)].map((secret) => secret.reveal());
    this.#add([...texts, ...texts.flatMap(partsOf)]);
  }

  /** As they are, as they stand in JSON and as they stand in a URL. */
  readonly cutOut = (text: string): string => this.#forms.reduce((rest, form) => rest.replaceAll(form, CUT_OUT), text);

  #add(texts: readonly string[]): void {
    for (const text of texts) if (text.length >= LENGTH_MIN && text !== PROGRAM_NAME) this.#known.add(text);
    const forms = [...this.#known].flatMap((text) => [
      text,
      JSON.stringify(text).slice(1, -1),
      encodeURIComponent(text),
    ]);
    this.#forms = [...new Set(forms)].sort((one, other) => other.length - one.length);
  }
}

/** What follows the word for it in a command line, whoever repeats it without the rest of the line. */
const NAMED =
  /(?:token|passw(?:or)?d|secret|api[-_]?key|credential|bearer|basic)s?["']?\s*[:=\s]\s*["']?([^\s"';|&]+)/gi;
/** The account and its password, as a query gives them that reads no table. */
const LITERALS = /^\s*select\s+'[^']*'(?:\s+as\s+\w+)?\s*,\s*'([^']*)'/i;

/** The parts of a command line or of a statement that are secret by themselves. */
function partsOf(text: string): readonly string[] {
  const named = [...text.matchAll(NAMED)].map(([, value = '']) => value);
  return [...named, LITERALS.exec(text)?.[1] ?? ''].filter((part) => part !== text && !part.startsWith('$'));
}

function* secretsIn(value: unknown): Generator<Secret> {
  if (value instanceof Secret) yield value;
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) yield* secretsIn(part);
}
