/**
 * Lists of commands, run one after the other. Where a list holds a recovery back, the first failure ends it; in the others
 * all are run, and the first failure is what is remembered. A line that ends in `&` is started and not waited for; what
 * becomes of it is in the log of this node alone. The lines themselves are told nowhere.
 */
import { HOLDING_BACK, HOOK_KEYS, type HookList } from '../../core/recovery/telling/hook-terms.js';
import type { StepOutcome } from '../../core/recovery/step.js';
import { OperationalError } from '../../runtime/errors.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import type { HookOrder, HookRunner } from '../../runtime/ports/hooks.js';
import type { Log } from '../../runtime/ports/log.js';
import { HookFolder } from './hook-folder.js';
import { type CommandEnd, runCommand } from './process.js';
import { withExpansions } from './shell-text.js';
import { hookVariables, roleSwap } from './variables.js';

export interface HookOptions {
  readonly shell: string;
  readonly lists: ReadonlyMap<HookList, readonly string[]>;
  /** For each command of a list that holds back. */
  readonly holdingBackMs: number;
  /** For each command of the others, and for those that nobody waits for. */
  readonly followingMs: number;
  /** Of this node. */
  readonly hostname: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of this node alone; all that is in it is removed. */
  readonly directory: string;
  readonly log: Log;
}

/** Commands that nobody waits for, at once; more are not started. */
const BACKGROUND_MAX = 64;
/** Of what a command said, in the record that all nodes keep. */
const RECORDED_CHARACTERS = 500;
/** Linux takes no longer text for one variable than 128 KiB. */
const VALUE_BYTES_MAX = 120_000;

interface Command {
  readonly title: string;
  readonly line: string;
  readonly inBackground: boolean;
}

export class ProcessHookRunner implements HookRunner {
  readonly #options: HookOptions;
  readonly #folder: HookFolder;
  #background = 0;

  /** The fields of the options may change while it lives, but for the directory. */
  constructor(options: HookOptions) {
    this.#options = options;
    this.#folder = new HookFolder(options.directory);
  }

  get configured(): ReadonlySet<HookList> {
    const { lists } = this.#options;
    return new Set([...lists].filter(([, lines]) => lines.length > 0).map(([list]) => list));
  }

  async run(order: HookOrder): Promise<StepOutcome> {
    const { list } = order;
    const commands = this.#commandsOf(list);
    if (commands.length === 0) return { ok: true, findings: { text: `this node has no ${HOOK_KEYS[list]}` } };
    const lines = [`Running ${String(commands.length)} ${HOOK_KEYS[list]} hooks`];
    let firstError: string | null = null;
    for (const command of commands) {
      const trouble = await this.#mayStill(order);
      if (trouble !== null) return trouble;
      const error = await this.#runOne(command, order, lines);
      if (order.signal.aborted) return stopped();
      firstError ??= error;
      if (error !== null && HOLDING_BACK.has(list)) break;
    }
    if (firstError !== null) return { ok: false, code: 'hook', error: firstError, retriable: false, lines };
    return { ok: true, findings: { text: `${String(commands.length)} done`, lines } };
  }

  #commandsOf(list: HookList): readonly Command[] {
    const all = this.#options.lists.get(list) ?? [];
    return all.map((configured, at) => {
      const trimmed = configured.trim();
      const inBackground = trimmed.endsWith('&') && !/(?:&|\\)&$/.test(trimmed);
      return {
        title: `${HOOK_KEYS[list]} hook ${String(at + 1)} of ${String(all.length)}${programOf(trimmed)}`,
        line: inBackground ? trimmed.slice(0, -1) : configured,
        inBackground,
      };
    });
  }

  /** Null: go on. A leader that was followed by another must not begin what that one begins anew. */
  async #mayStill({ confirm, signal }: HookOrder): Promise<StepOutcome | null> {
    try {
      await confirm();
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      return { ok: false, code: 'authority', error: error.message, retriable: true };
    }
    return signal.aborted ? stopped() : null;
  }

  /** Null: it did not fail, or nobody waits for it. */
  async #runOne(command: Command, order: HookOrder, lines: string[]): Promise<string | null> {
    const { title, inBackground } = command;
    const began = `${title} is started${inBackground ? ' and not waited for' : ''}`;
    this.#options.log.info({ recovery: order.event.recoveryId }, began);
    lines.push(began);
    if (inBackground) {
      this.#startInBackground(command, order);
      return null;
    }
    const beganMs = monotonicNowMs();
    const end = await this.#execute(command, order, order.signal);
    const error = this.#tell(command, order, end, monotonicNowMs() - beganMs);
    lines.push(`${title} ${sentence(end, monotonicNowMs() - beganMs, RECORDED_CHARACTERS)}`);
    return error === null ? null : `${title} ${error}`;
  }

  #startInBackground(command: Command, order: HookOrder): void {
    if (this.#background >= BACKGROUND_MAX) {
      const text = `${command.title} was not started: ${String(BACKGROUND_MAX)} in the background are still running`;
      this.#options.log.warn({ recovery: order.event.recoveryId }, text);
      return;
    }
    this.#background += 1;
    const beganMs = monotonicNowMs();
    void this.#execute(command, order, new AbortController().signal)
      .then((end) => this.#tell(command, order, end, monotonicNowMs() - beganMs))
      .finally(() => {
        this.#background -= 1;
      });
  }

  #execute({ line, inBackground }: Command, { list, event }: HookOrder, signal: AbortSignal): Promise<CommandEnd> {
    const { shell, hostname, environment, holdingBackMs, followingMs } = this.#options;
    const swap =
      list === 'after-role-swap' && event.successor !== null
        ? roleSwap(event.successor.address, event.facts.failed)
        : null;
    const told = hookVariables(event, hostname);
    const named = new Map(told.placeholders.map(([name]) => [name, `ORC_VALUE_${name}`]));
    const values = [
      ...(swap?.environment ?? told.environment),
      ...told.placeholders.map(([name, value]) => [`ORC_VALUE_${name}`, value] as const),
    ];
    return runCommand({
      shell,
      text: withExpansions(line, named),
      folder: this.#folder,
      args: swap?.args ?? [],
      environment: { ...environment, ...Object.fromEntries(values.map(([name, value]) => [name, fitting(value)])) },
      limitMs: HOLDING_BACK.has(list) && !inBackground ? holdingBackMs : followingMs,
      signal,
    });
  }

  #tell({ title }: Command, { event }: HookOrder, end: CommandEnd, tookMs: number): string | null {
    const text = sentence(end, tookMs, Number.POSITIVE_INFINITY);
    const failed = end.kind !== 'exited' || end.code !== 0;
    const { log } = this.#options;
    log[failed ? 'warn' : 'info']({ recovery: event.recoveryId, tookMs: Math.round(tookMs) }, `${title} ${text}`);
    return failed ? sentence(end, tookMs, RECORDED_CHARACTERS) : null;
  }
}

function stopped(): StepOutcome {
  return { ok: false, code: 'authority', error: 'this node does not go on with the hooks', retriable: true };
}

function sentence(end: CommandEnd, tookMs: number, characters: number): string {
  if (end.kind === 'not-started') return `could not be started: ${end.error}`;
  const after = `after ${String(Math.round(tookMs))} ms`;
  const how = {
    exited:
      end.kind === 'exited' && end.code !== 0 ? `failed with exit code ${String(end.code)} ${after}` : `done ${after}`,
    killed: `was ended by ${end.kind === 'killed' ? end.signal : ''} ${after}`,
    'too-long': `took too long and was ended ${after}`,
    stopped: `was ended ${after}, because this node does not lead any more`,
  }[end.kind];
  const output = end.output.length > characters ? `... ${end.output.slice(-characters)}` : end.output;
  return output === '' ? how : `${how}: ${output}`;
}

/** The line may hold a password, so it is told by the name of its program; '' where it does not begin with one. */
function programOf(line: string): string {
  const [word = ''] = line.split(/\s/, 1);
  return /^[\w./+-]{1,80}$/.test(word) ? ` (${word})` : '';
}

/** No variable can hold a zero byte, and none more than so much. */
function fitting(value: string): string {
  const text = value.replaceAll('\u0000', '');
  if (Buffer.byteLength(text) <= VALUE_BYTES_MAX) return text;
  return Buffer.from(text)
    .subarray(0, VALUE_BYTES_MAX)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
