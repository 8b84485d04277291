/**
 * The log of a node: JSON lines for programs, or one plain line each for a person at a terminal. Writing never waits:
 * a reader that stalls must not stop a node from acting, so lines beyond a limit are dropped instead. Known secrets are
 * cut out of every line, whichever way they came to be in it (a statement in an error, for one).
 */
import pino, { type Logger } from 'pino';
import type { LogConfig } from './config/config.js';
import type { Secrets } from './secrets.js';

export type Log = Logger;

export type LogFormat = 'json' | 'text';

export interface LogOptions extends LogConfig {
  readonly format: LogFormat;
  readonly secrets: Secrets;
  /** Where lines go, each with its line end. Default: standard output, without waiting. */
  readonly write?: (line: string) => void;
  /** Gets every line as well, as text without its time. */
  readonly copy?: (level: string, text: string) => void;
}

export interface OpenLog {
  readonly log: Log;
  /** Writes what is still waiting. To be called before the process exits. */
  flush(): void;
}

/** Bytes that may wait for a slow reader before lines are dropped. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const CUT_OUT = '(secret)';

export function chooseFormat(wanted: string | undefined, terminal: boolean): LogFormat {
  if (wanted === 'json' || wanted === 'text') return wanted;
  return terminal ? 'text' : 'json';
}

export function openLog(options: LogOptions): OpenLog {
  const output = options.write === undefined ? standardOutput() : { write: options.write, flush: () => undefined };
  const format = options.format === 'text' ? textLine : (line: string): string => line;
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, options.stacks) },
      redact: { paths: ['password', '*.password', '*.*.password'], censor: CUT_OUT },
    },
    {
      write: (line: string) => {
        const fit = options.secrets.cutOut(line);
        output.write(format(fit));
        if (options.copy !== undefined) copyLine(fit, options.copy);
      },
    },
  );
  return { log, flush: output.flush };
}

function standardOutput(): { write(line: string): void; flush(): void } {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: WAITING_BYTES_MAX });
  // Whoever read the log is gone; that is no reason for a node to go as well.
  destination.on('error', () => undefined);
  return {
    write: (line) => {
      destination.write(line);
    },
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // As above: nobody is there to read it.
      }
    },
  };
}

function describeError(error: unknown, stacks: boolean): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause, stacks) }),
    ...(stacks ? { stack: error.stack } : {}),
  };
}

function copyLine(line: string, copy: (level: string, text: string) => void): void {
  const { level } = JSON.parse(line) as { readonly level: string };
  copy(level, textLine(line).replace(/^\S+ +\S+ +/, ''));
}

/** `2026-01-31T12:00:00.000Z WARN  what happened  server=db1:3306` */
export function textLine(line: string): string {
  const { time, level, msg: said, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  // A line that ends with what the error says needs it only once.
  const msg = withoutEnd(plain(said), messageOf(err));
  const head = `${plain(time)} ${plain(level).toUpperCase().padEnd(5)} ${msg}`;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
  return `${[head, ...rest].join('  ')}${errorText(err)}\n`;
}

function plain(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function withoutEnd(text: string, end: string): string {
  return end !== '' && text.endsWith(`: ${end}`) ? text.slice(0, -end.length - 2) : text;
}

function messageOf(err: unknown): string {
  return typeof err === 'object' && err !== null && 'message' in err ? plain(err.message) : '';
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function errorText(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : `: ${plain(err)}`;
  const { message, stack, cause } = err as Record<string, unknown>;
  const below = cause === undefined ? '' : ` (caused by${errorText(cause)})`;
  return `: ${plain(message)}${below}${typeof stack === 'string' ? `\n${stack}` : ''}`;
}
