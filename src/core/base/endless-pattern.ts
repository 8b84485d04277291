/**
 * Whether a regular expression can take for ever. The incumbent's dialect is matched in one pass, whatever stands in it; here
 * a repeated group that can take the same text in several ways is tried in every one of them, which for a name of forty
 * letters is more than a program lives to see. What is found is certain: a run of one letter that two ways of repeating fit,
 * and something behind it that may not. Ways that show with several letters alone are not looked for.
 */

interface Piece {
  /** What it is when it is no group: text of a regular expression; '' for what takes no letter. */
  readonly atom: string;
  /** Its alternatives when it is one; null otherwise. */
  readonly group: readonly Sequence[] | null;
  readonly min: number;
  readonly max: number;
}

type Sequence = readonly Piece[];

/** How many letters something takes of a run of one letter, and whether it can take the same number in several ways. */
interface Span {
  readonly min: number;
  readonly max: number;
  readonly isAmbiguous: boolean;
}

/** So often repeated, two ways each time are too many. */
const MANY = 20;
const LETTERS = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));

const ATOM =
  /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|k<\w+>|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<\w+>))?|[\s\S]/y;
const REPEAT = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;
const TAKES_NOTHING = /^(?:[$^]|\\[bBk1-9])/;
const LOOKS_AROUND = /^\(\?<?[=!]/;

export function canTakeForEver({ source, flags }: RegExp): boolean {
  const { sequences } = readAlternatives(source, 0);
  return LETTERS.some((letter) => isEndless(sequences, false, fitting(letter, flags)));
}

type Fits = (atom: string) => boolean;

function fitting(letter: string, flags: string): Fits {
  const known = new Map<string, boolean>();
  return (atom) => {
    const before = known.get(atom);
    if (before !== undefined) return before;
    const fits = atom !== '' && new RegExp(`^(?:${atom})$`, flags).test(letter);
    known.set(atom, fits);
    return fits;
  };
}

/** `isFollowed`: by something that may not fit, so that the other ways are tried at all. */
function isEndless(sequences: readonly Sequence[], isFollowed: boolean, fits: Fits): boolean {
  return sequences.some((sequence) =>
    sequence.some(({ group, max }, at) => {
      if (group === null) return false;
      const behind = isFollowed || sequence.slice(at + 1).some(({ atom, min }) => min > 0 || atom === '');
      if (max >= MANY && behind && isManifold(spanOf(group, fits))) return true;
      return isEndless(group, behind || max >= MANY, fits);
    }),
  );
}

function isManifold(span: Span | null): boolean {
  return span !== null && span.max > 0 && (span.isAmbiguous || span.max > Math.max(1, span.min));
}

/** Null: the letter fits none of them. */
function spanOf(sequences: readonly Sequence[], fits: Fits): Span | null {
  const spans = sequences.map((sequence) => sum(sequence, fits)).filter((span) => span !== null);
  if (spans.length === 0) return null;
  return {
    min: Math.min(...spans.map(({ min }) => min)),
    max: Math.max(...spans.map(({ max }) => max)),
    isAmbiguous: spans.some(({ isAmbiguous }) => isAmbiguous) || spans.filter(({ max }) => max > 0).length > 1,
  };
}

function sum(sequence: Sequence, fits: Fits): Span | null {
  let whole: Span = { min: 0, max: 0, isAmbiguous: false };
  for (const { atom, group, min, max } of sequence) {
    const one = group === null ? { min: 1, max: 1, isAmbiguous: false } : spanOf(group, fits);
    if (one === null || (group === null && !fits(atom))) {
      if (min > 0) return null;
      continue;
    }
    whole = {
      min: whole.min + one.min * min,
      max: whole.max + (one.max === 0 ? 0 : one.max * max),
      isAmbiguous: whole.isAmbiguous || one.isAmbiguous,
    };
  }
  return whole;
}

/** From behind an opening bracket to behind the closing one. The text is known to be a regular expression. */
function readAlternatives(
  source: string,
  from: number,
): { readonly sequences: readonly Sequence[]; readonly end: number } {
  const sequences: Piece[][] = [[]];
  let at = from;
  while (at < source.length) {
    ATOM.lastIndex = at;
    const text = ATOM.exec(source)?.[0] ?? source.charAt(at);
    at += text.length;
    if (text === ')') break;
    if (text === '|') {
      sequences.push([]);
      continue;
    }
    let group: readonly Sequence[] | null = null;
    if (text.startsWith('(')) {
      const inner = readAlternatives(source, at);
      at = inner.end;
      group = LOOKS_AROUND.test(text) ? null : inner.sequences;
    }
    const { min, max, end } = readRepeat(source, at);
    at = end;
    const atom = text.startsWith('(') || TAKES_NOTHING.test(text) ? '' : text;
    sequences.at(-1)?.push({ atom, group, min, max });
  }
  return { sequences, end: at };
}

function readRepeat(source: string, at: number): { readonly min: number; readonly max: number; readonly end: number } {
  REPEAT.lastIndex = at;
  const found = REPEAT.exec(source);
  if (found === null) return { min: 1, max: 1, end: at };
  const [text, sign, least = '', comma, most = ''] = found;
  const end = at + text.length;
  if (sign !== undefined) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY, end };
  const min = Number(least);
  if (comma === '') return { min, max: min, end };
  return { min, max: most === '' ? Number.POSITIVE_INFINITY : Number(most), end };
}
