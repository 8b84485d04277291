/** The rooms of the diagnosis, wired: what each is told by the others. When to do what is the loop's to say. */
import type { Server } from '../../core/topology/server.js';
import { CanaryRunner } from './canary-runner.js';
import { ClearerView, VIEW_PACE } from './clearer-view.js';
import { DerivedState } from './derived-state.js';
import { Diagnostician } from './diagnostician.js';
import { Emergencies } from './emergencies.js';
import { FindingsBoard } from './findings-board.js';
import { IncidentKeeper } from './incident-keeper.js';
import { Lookout } from './lookout.js';
import type { LoopParts } from './loop-parts.js';
import { PauseWatch } from './pause-watch.js';
import { SiteWatch } from './site-watch.js';
import { SourceWatch } from './source-watch.js';
import { VerdictLog } from './verdict-log.js';

export interface DiagnosisRooms {
  readonly derived: DerivedState;
  readonly diagnostician: Diagnostician;
  readonly keeper: IncidentKeeper;
  readonly board: FindingsBoard;
  readonly emergencies: Emergencies;
  readonly lookout: Lookout;
  readonly pauseWatch: PauseWatch;
  readonly watch: SourceWatch;
  readonly clearerView: ClearerView;
  /** Who is suspected is asked anyway; who is under recovery is left in peace. */
  unsuspectedSources(): readonly Server[];
}

/** What the loop itself knows or does. */
export interface LoopTies {
  leads(): boolean;
  /** This process did not run for so long. */
  onPause(pausedMs: number): void;
  /** Another problem is shown now. */
  onChanged(): void;
  /** An emergency is over. */
  onClosed(): void;
}

export function composeRooms(parts: LoopParts, ties: LoopTies): DiagnosisRooms {
  const { clock, ledger, pace, log } = parts;
  const derived = new DerivedState(() => ledger.state);
  const siteWatch = composeSiteWatch(parts, derived);
  const diagnostician = composeDiagnostician(parts, derived, siteWatch, ties, (server) => emergencies.of(server));
  const keeper = new IncidentKeeper({
    clock,
    ledger,
    pace,
    onFailed: (what, error) => {
      log('info', `${what} was not committed: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  const canaries = new CanaryRunner({
    clock,
    ledger,
    limits: parts.limits,
    log,
    diagnostician,
    inquestOf: (source) => emergencies.of(source),
    bestCandidateOf: (source) => parts.bestCandidateOf(source),
    observesOnly: () => parts.observesOnly?.() ?? false,
    restart: (order) => parts.restartCanary(order),
  });
  const board = new FindingsBoard({
    verdicts: new VerdictLog(clock, log),
    inquestOf: (server) => emergencies.of(server),
    restraintOf: (server) => canaries.restraintOf(server),
  });
  const pauseWatch = new PauseWatch(clock, pace, (pausedMs) => {
    ties.onPause(pausedMs);
  });
  const emergencies: Emergencies = new Emergencies({
    outside: parts,
    derived,
    diagnostician,
    board,
    keeper,
    canaries,
    siteWatch,
    checkPause: () => {
      pauseWatch.check();
    },
    onChanged: () => {
      ties.onChanged();
    },
    onClosed: () => {
      ties.onClosed();
    },
  });
  const unsuspectedSources = (): readonly Server[] => {
    const { dependedUpon, underRecovery } = derived.now;
    return [...dependedUpon.values()].filter(({ id }) => !emergencies.isAwaited(id) && !underRecovery.has(id));
  };
  return {
    derived,
    diagnostician,
    keeper,
    board,
    emergencies,
    lookout: composeLookout(parts, derived, ties, emergencies),
    pauseWatch,
    watch: composeWatch(parts, emergencies, unsuspectedSources),
    clearerView: composeClearerView(parts, derived, emergencies),
    unsuspectedSources,
  };
}

function composeSiteWatch(parts: LoopParts, derived: DerivedState): SiteWatch {
  const { self, ledger, sightings } = parts;
  return new SiteWatch({
    self,
    sightings,
    servers: () => ledger.state.servers,
    links: () => derived.now.links,
    voters: () => parts.voters(),
    siteOfNode: (node) => parts.siteOfNode(node),
  });
}

function composeDiagnostician(
  parts: LoopParts,
  derived: DerivedState,
  siteWatch: SiteWatch,
  ties: LoopTies,
  inquestOf: Emergencies['of'],
): Diagnostician {
  const { self, clock, ledger, limits, settings, sightings, rules } = parts;
  return new Diagnostician({
    self,
    rules,
    siteWatch,
    clock,
    derived,
    limits,
    settings,
    sightings,
    state: () => ledger.state,
    inquestOf,
    voters: () => parts.voters(),
    leads: () => ties.leads(),
  });
}

function composeLookout(
  { clock, peers, pace }: LoopParts,
  derived: DerivedState,
  ties: LoopTies,
  emergencies: Emergencies,
): Lookout {
  return new Lookout({
    clock,
    peers,
    derived,
    reportGapMs: pace.reportGapMs,
    leads: () => ties.leads(),
    suspect: (server, atMs, why) => {
      emergencies.suspect(server, atMs, why);
    },
    alarm: (server, why) => {
      emergencies.alarm(server, why);
    },
  });
}

function composeWatch(parts: LoopParts, emergencies: Emergencies, sources: () => readonly Server[]): SourceWatch {
  const { clock, pace, prober, ledger, sightings } = parts;
  return new SourceWatch({
    clock,
    pace,
    prober,
    sources,
    lastLookMs: ({ address }) => sightings.own(address)?.last.startedAtMs ?? null,
    onProbed: (result) => {
      parts.onProbed(result);
    },
    onLate: (id, askedAtMs) => {
      const server = ledger.state.servers.get(id);
      if (server !== undefined) emergencies.suspect(server, askedAtMs, 'its answer is late');
    },
  });
}

function composeClearerView(parts: LoopParts, derived: DerivedState, emergencies: Emergencies): ClearerView {
  const { self, clock, peers, ledger, sightings } = parts;
  return new ClearerView({
    self,
    clock,
    peers,
    pace: VIEW_PACE,
    heads: () => [...ledger.state.clusters.values()].flatMap(({ primary }) => ledger.state.servers.get(primary) ?? []),
    inquestOf: (server) => emergencies.of(server),
    reaches: ({ id, address }) => emergencies.of(id) === null && sightings.own(address)?.last.ok === true,
    isActing: () => derived.now.underRecovery.size > 0,
    voters: () => parts.voters(),
    handOverTo: (nodes) => parts.handOverTo(nodes),
    log: (level, text) => {
      parts.log(level, text);
    },
  });
}
