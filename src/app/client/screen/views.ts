/**
 * What a person at a terminal is shown in the place of the lines that a script reads: the same answer, as a table or with
 * colours. A command has the view of its printer; one without a view prints its lines there too.
 */
import { type ApiAnswer, field, listOf, textOf } from '../answer.js';
import { explanationLines } from '../explanation.js';
import { planLines } from '../plan-lines.js';
import { bothRun, isBroken, keyText, type Printer, printers as p } from '../printers.js';
import type { Given } from '../given.js';
import type { Colour, Paint } from './paint.js';
import { type Cell, drawTable } from './table.js';

export type View = (answer: ApiAnswer, given: Given, paint: Paint) => readonly string[];

export function viewOf(printer: Printer): View | null {
  return VIEWS.get(printer) ?? null;
}

function clusters({ payload }: ApiAnswer, _given: Given, paint: Paint): readonly string[] {
  const rows = listOf(payload).map((info): readonly Cell[] => {
    const automatic = field(info, 'HasAutomatedMasterRecovery') === true;
    const [name, alias] = [textOf(field(info, 'ClusterName')), textOf(field(info, 'ClusterAlias'))];
    const recovery: Cell = automatic ? { text: 'automatic', colour: 'green' } : { text: 'by hand', colour: 'yellow' };
    return [name, alias === name ? '-' : alias, textOf(field(info, 'CountInstances')), recovery];
  });
  return drawTable(['CLUSTER', 'ALIAS', 'SERVERS', 'RECOVERY'], rows, paint);
}

function instances({ payload }: ApiAnswer, _given: Given, paint: Paint): readonly string[] {
  return drawTable(
    ['SERVER', 'CLUSTER', 'ROLE', 'OPEN', 'VERSION', 'LAG', 'STATE'],
    listOf(payload).map(instanceRow),
    paint,
  );
}

function instanceRow(instance: unknown): readonly Cell[] {
  const source = textOf(field(field(instance, 'MasterKey'), 'Hostname') ?? '');
  const lag = field(field(instance, 'ReplicationLagSeconds'), 'Int64');
  const isKnown = field(field(instance, 'ReplicationLagSeconds'), 'Valid') === true;
  return [
    keyText(field(instance, 'Key')),
    textOf(field(instance, 'ClusterName') ?? ''),
    source === '' ? { text: 'primary', colour: 'bold' } : 'replica',
    field(instance, 'ReadOnly') === true ? 'ro' : { text: 'rw', colour: 'cyan' },
    textOf(field(instance, 'Version') ?? ''),
    isKnown ? `${textOf(lag)}s` : '-',
    stateOf(instance, source !== ''),
  ];
}

function stateOf(instance: unknown, isReplica: boolean): Cell {
  const threads = ['ReplicationSQLThreadState', 'ReplicationIOThreadState'].map((name) => field(instance, name));
  const trouble = [field(instance, 'LastSQLError'), field(instance, 'LastIOError')]
    .map((error) => textOf(error ?? ''))
    .find((error) => error !== '' && error !== '""');
  const downtimed = field(instance, 'IsDowntimed') === true ? ', in downtime' : '';
  const said = (text: string, colour: Colour): Cell => ({ text: `${text}${downtimed}`, colour });
  if (field(instance, 'IsLastCheckValid') === false) return said('does not answer', 'red');
  if (isReplica && trouble !== undefined) return said(`broken: ${trouble}`, 'red');
  if (isReplica && threads.some((state) => state !== 1)) return said('replication stopped', 'yellow');
  return said('ok', 'green');
}

function problems({ payload }: ApiAnswer, _given: Given, paint: Paint): readonly string[] {
  const entries = listOf(payload);
  if (entries.length === 0) return [paint('green', 'nothing is wrong')];
  const rows = entries.map((analysis): readonly Cell[] => {
    const [line = ''] = p.problems({ body: null, payload: [analysis], message: '' });
    const code = line.slice(line.lastIndexOf(': ') + 2);
    const cluster = field(analysis, 'ClusterDetails');
    const isDowntimed = field(analysis, 'IsDowntimed') === true;
    const isReal = field(analysis, 'Analysis') !== 'NoProblem';
    return [
      keyText(field(analysis, 'AnalyzedInstanceKey')),
      textOf(field(cluster, 'ClusterAlias') ?? field(cluster, 'ClusterName')),
      { text: code, colour: isDowntimed ? 'dim' : isReal ? 'red' : 'yellow' },
      `${textOf(field(analysis, 'Description') ?? '')}${isDowntimed ? ' (in downtime)' : ''}`,
    ];
  });
  return drawTable(['SERVER', 'CLUSTER', 'PROBLEM', ''], rows, paint);
}

/** Of a topology's line, what stands in brackets after the server: `[0s,ok,9.7.0,rw,...]`. */
function topology({ payload }: ApiAnswer, _given: Given, paint: Paint): readonly string[] {
  return textOf(payload)
    .split('\n')
    .map((line) => {
      const [, place = '', lag = '', state = ''] = /^(.*?)[[|]([^,|]*)[,|]\s*([^,|\]]*)/.exec(line) ?? [];
      const colour = /downtimed|lost/.test(line) ? 'dim' : colourOf(state.trim(), lag);
      return place === '' || colour === null ? line : paint(colour, line);
    });
}

function colourOf(state: string, lag: string): Colour | null {
  if (state === 'ok') return null;
  return state === 'lag' || lag === 'null' || state === 'nonreplicating' ? 'yellow' : 'red';
}

/** The verdict, and below it what to do. */
function verdict(lines: Printer): View {
  return (answer, given, paint) =>
    lines(answer, given).map((line, at) => {
      if (at === 0) return paint(/ NOT /.test(line) ? 'red' : 'green', line);
      if (/^\s+to mend it:/.test(line)) return paint('cyan', line);
      return /^\s+(because|note:)/.test(line) ? paint('yellow', line) : line;
    });
}

const VIEWS: ReadonlyMap<Printer, View> = new Map<Printer, View>([
  [p.clusterNames, clusters],
  [p.clusterNamesAndAliases, clusters],
  [p.instances, instances],
  [p.brokenReplicas, (answer, given, paint) => instances(chosen(answer, isBroken), given, paint)],
  [p.runningReplicas, (answer, given, paint) => instances(chosen(answer, bothRun), given, paint)],
  [p.problems, problems],
  [p.topology, topology],
  [p.plan, verdict(planLines)],
  [explanationLines, verdict(explanationLines)],
]);

function chosen(answer: ApiAnswer, fits: (instance: unknown) => boolean): ApiAnswer {
  return { ...answer, payload: listOf(answer.payload).filter(fits) };
}
