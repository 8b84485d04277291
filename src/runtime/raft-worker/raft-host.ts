/**
 * The Raft thread: reads the disk, meets the peers, decides whether this node may vote, and from then on stands between
 * the main thread's wishes and the driver. Everything it needs from outside comes in as ports; what files and sockets
 * these are is the composition's affair.
 */
import { assert, assertNever } from '../../core/base/assert.js';
import type { Rng } from '../../core/base/rng.js';
import type { Entry, LogIndex, Membership, NodeId, SnapshotMark } from '../../core/raft/message.js';
import type { RaftOptions } from '../../core/raft/node.js';
import type { Proposal } from '../../core/raft/propose.js';
import { OperationalError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { ConsensusEvent } from '../ports/consensus.js';
import type { LogStore } from '../ports/log-store.js';
import type { Introduction, NodeInfo, PeerHandlers, PeerTransport } from '../ports/peer-transport.js';
import type { SnapshotStore, StoredSnapshot } from '../ports/snapshot-store.js';
import { Birth } from './birth.js';
import { Calls } from './calls.js';
import { Delivery } from './delivery.js';
import { FoundingKeeper } from './founding-keeper.js';
import { LeaseWriter } from './lease-cell.js';
import { MainThreadWatch } from './main-thread-watch.js';
import { meet } from './meeting.js';
import { PeerDirectory } from './peer-directory.js';
import { PeerSearch } from './peer-search.js';
import { ProposalIntake } from './proposal-intake.js';
import type { Call, Line, ToMain, ToWorker } from './protocol.js';
import { type DriverOutput, RaftDriver } from './raft-driver.js';
import { Reads } from './reads.js';
import { type Restart, readDisk } from './restart.js';
import { introductionOf } from './self-introduction.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import { consensusStatus, unpreparedVoters } from './status.js';

export interface HostSettings {
  readonly info: NodeInfo;
  /** The members of a cluster that is not yet born; of no account once there is a log. */
  readonly birth: Membership;
  readonly options: RaftOptions;
  /** The log is cut when it has grown by this much. */
  readonly snapshotEveryBytes: number;
  readonly leaseBuffer: SharedArrayBuffer;
  /** Of this process: two that call themselves by one id are told apart by it. */
  readonly instance: string;
  /** Drawn for this process: the name of the founding, should this node be the first to lead a cluster that has none. */
  readonly newFounding: string;
  /** Where to ask for the others when none of them is found where the log says: RaftNodes of the configuration. */
  readonly places: readonly string[];
}

export interface HostPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Makes sure that the data directory is this node's, and says which founding it remembers; rejects with CONFIGURATION. */
  readonly claim: () => Promise<string | null>;
  readonly rememberFounding: (founding: string) => Promise<void>;
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  readonly transport: PeerTransport;
  readonly line: Line<ToMain, ToWorker>;
  readonly later: (act: () => void) => void;
  /** Ends the thread with a failure. */
  readonly die: (why: string) => void;
}

const NOT_YET: Proposal = { ok: false, refusal: 'not-leader' };

export class RaftHost {
  readonly #settings: HostSettings;
  readonly #ports: HostPorts;
  readonly #directory: PeerDirectory;
  readonly #delivery: Delivery;
  readonly #birth: Birth;
  readonly #reads: Reads;
  readonly #calls: Calls;
  readonly #search: PeerSearch;
  readonly #intake: ProposalIntake;
  readonly #founding: FoundingKeeper;
  readonly #mainThread: MainThreadWatch;
  #restart: Restart | null = null;
  #keeper: SnapshotKeeper | null = null;
  /** Null until it is known whether this node may vote. */
  #driver: RaftDriver | null = null;
  /** The newest snapshot that was not our own: asked for again when the disk fails before the log begins anew after it. */
  #received: StoredSnapshot | null = null;

  constructor(settings: HostSettings, ports: HostPorts) {
    const { clock, transport, line } = ports;
    this.#settings = settings;
    this.#ports = ports;
    this.#directory = new PeerDirectory(settings.info, transport, clock);
    this.#delivery = new Delivery(line);
    this.#intake = new ProposalIntake(clock, line, () => this.#driver);
    this.#founding = new FoundingKeeper(settings.newFounding, ports, {
      onOpening: (payload) => this.#driver?.openTermsWith(payload),
      onEvent: this.#tell,
    });
    this.#search = new PeerSearch(settings.places, transport, clock, (introduction) => {
      this.#onIntroduced(introduction);
    });
    this.#birth = new Birth(settings.info.id, settings.birth, clock, (right) => {
      this.#drive(right === 'forgetful');
    });
    this.#reads = new Reads(
      clock,
      (context) => {
        if (this.#driver === null) this.#reads.answered([{ context, index: null }]);
        else this.#driver.readIndex(context);
      },
      (id, index) => {
        line.post({ kind: 'read', id, index });
      },
    );
    this.#calls = new Calls(
      {
        leader: () => this.#driver?.leadership.leader ?? null,
        transferLeadership: (to) => this.#driver?.transferLeadership(to) ?? NOT_YET,
        proposeMembership: (next) => this.#driver?.proposeMembership(next) ?? NOT_YET,
        unprepared: (next) => this.#unprepared(next),
        wantSnapshot: () => this.#keeper?.want(),
      },
      (id, result) => {
        line.post({ kind: 'result', id, result });
      },
    );
    this.#mainThread = new MainThreadWatch(clock, {
      status: () => this.#status(),
      transferLeadership: (to) => this.#driver?.transferLeadership(to),
      tell: this.#tell,
    });
    line.onMessage((message) => {
      this.#onMessage(message);
    });
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        void this.#start();
        return;
      case 'propose':
        this.#intake.take(message);
        return;
      case 'read':
        this.#reads.begin(message.id, message.deadlineMs);
        return;
      case 'call':
        this.#onCall(message.id, message.call);
        return;
      case 'applied':
        this.#delivery.applied(message.bytes);
        return;
      case 'snapshot':
        void this.#onSnapshot(message.index, message.bytes);
        return;
      case 'alive':
        this.#mainThread.heard();
        return;
      case 'founding':
        void this.#founding.applied(message.founding);
        return;
      case 'close':
        void this.#close();
        return;
      default:
        assertNever(message);
    }
  }

  async #start(): Promise<void> {
    const { info, birth } = this.#settings;
    const { claim, log, snapshots, transport, line } = this.#ports;
    try {
      this.#founding.remembered(await claim());
      this.#restart = await readDisk(info.id, birth, log, snapshots);
      this.#keeper = this.#keepSnapshots(this.#restart.start.snapshot);
      await transport.start(this.#peerHandlers());
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      line.post({ kind: 'start-failed', error: { code: error.code, message: error.message, leader: null } });
      await this.#close();
      return;
    }
    const { fresh, snapshot, start, events } = this.#restart;
    this.#search.noticeLeader(null);
    for (const event of events) this.#tell(event);
    if (snapshot !== null) this.#delivery.state(snapshot.bytes, snapshot.mark.index);
    this.#tellPeers();
    line.post({ kind: 'started' });
    if (fresh) {
      this.#directory.follow(birth);
      this.#birth.begin();
    } else {
      this.#drive(start.learnerOnly ?? false);
    }
  }

  /** From here on this node takes part. */
  #drive(learnerOnly: boolean): void {
    assert(this.#restart !== null && this.#driver === null, 'the driver is started once, after the disk was read');
    const { clock, rng, log: store, transport, later } = this.#ports;
    const { options, leaseBuffer } = this.#settings;
    const lease = new LeaseWriter(leaseBuffer, clock);
    const parts = { options, clock, rng, store, transport, lease, later };
    this.#driver = new RaftDriver(parts, { ...this.#restart.start, learnerOnly }, this.#driverOutput());
    this.#driver.openTermsWith(this.#founding.opening);
    if (this.#restart.fresh && learnerOnly) {
      const text =
        'the disk is empty and the cluster has a log: this node takes part without a vote until the leader has brought it up to date';
      this.#tell({ level: 'info', kind: 'empty-disk', text });
    }
  }

  #driverOutput(): DriverOutput {
    const { line, die } = this.#ports;
    return {
      onLogReset: (mark) => {
        this.#onLogReset(mark);
      },
      onCommitted: (entries) => {
        this.#onCommitted(entries);
      },
      onReads: (answers) => {
        this.#reads.answered(answers);
      },
      onLeadership: (leadership) => {
        line.post({ kind: 'leadership', leadership });
        this.#calls.onLeadership(leadership);
        this.#search.noticeLeader(leadership.leader);
      },
      onMembership: (membership) => {
        this.#directory.follow(membership);
      },
      onFetchSnapshot: (from, mark) => {
        void this.#keeper?.fetch(from, mark);
      },
      onEvent: this.#tell,
      onFatal: die,
    };
  }

  #peerHandlers(): PeerHandlers {
    return {
      introduce: () => this.#introduction(),
      onMessages: (messages) => {
        this.#driver?.receive(messages);
      },
      onIntroduced: (introduction) => {
        this.#onIntroduced(introduction);
      },
      onDisconnected: (peer) => {
        this.#driver?.disconnected(peer);
      },
      onRefused: (who, reason) => {
        this.#tell({ level: 'warn', kind: 'peer-refused', text: `${who}: ${reason}` });
      },
      readSnapshot: (index, term, offset) => this.#ports.snapshots.read(index, term, offset),
    };
  }

  #keepSnapshots(newest: SnapshotMark): SnapshotKeeper {
    const { snapshots, transport, clock, line } = this.#ports;
    const settings = { everyBytes: this.#settings.snapshotEveryBytes, newest };
    return new SnapshotKeeper(snapshots, transport, clock, settings, {
      onWanted: () => {
        line.post({ kind: 'snapshot-wanted' });
      },
      membershipAt: (index) => this.#running().membershipAt(index),
      onTaken: (mark, keepFrom) => {
        this.#running().snapshotTaken(mark, keepFrom);
      },
      onFetched: (snapshot) => {
        this.#received = snapshot;
        this.#running().snapshotInstalled(snapshot.mark);
      },
      onFetchFailed: (why) => {
        this.#tell({ level: 'warn', kind: 'snapshot', text: `the snapshot of the leader could not be had: ${why}` });
        this.#running().snapshotFailed();
      },
    });
  }

  #onCommitted(entries: readonly Entry[]): void {
    this.#delivery.entries(entries, this.#intake.committed(entries));
    this.#calls.onCommitted(entries);
    this.#keeper?.delivered(entries);
  }

  #onLogReset(mark: SnapshotMark): void {
    const snapshot = this.#received;
    assert(snapshot?.mark.index === mark.index, `the log starts anew at ${mark.index}, and no snapshot was received`);
    this.#keeper?.restored(mark);
    this.#delivery.state(snapshot.bytes, mark.index);
    this.#intake.begunAfter(mark.index);
  }

  #onCall(id: number, call: Call): void {
    switch (call.method) {
      case 'status':
        this.#ports.line.post({ kind: 'result', id, result: { ok: true, value: this.#status() } });
        return;
      case 'transfer':
        this.#calls.transfer(id, call.to);
        return;
      case 'membership':
        this.#calls.change(id, call.next);
        return;
      case 'snapshot':
        this.#calls.snapshot(id);
        return;
      case 'meet':
        void meet(this.#ports.transport, call).then((result) => {
          this.#ports.line.post({ kind: 'result', id, result });
        });
        return;
      default:
        assertNever(call);
    }
  }

  async #onSnapshot(index: LogIndex, bytes: Uint8Array): Promise<void> {
    if (this.#keeper === null) return;
    const trouble = await this.#keeper.take(index, bytes);
    if (trouble !== null)
      this.#tell({ level: 'error', kind: 'snapshot', text: `no snapshot could be written: ${trouble}` });
    this.#calls.onSnapshot(trouble === null ? { index: this.#keeper.newestIndex } : { trouble });
  }

  #onIntroduced(introduction: Introduction): void {
    const { info, cluster, founding } = introduction;
    if (founding !== undefined) this.#founding.heard(founding);
    if (this.#directory.met(info)) this.#tellPeers();
    this.#directory.heard(cluster);
    if (cluster.index > 0 && cluster.addresses[this.#settings.info.id] === undefined) {
      this.#driver?.leftOut(cluster.index);
    }
    if (this.#driver === null && this.#restart?.fresh === true) this.#birth.met(introduction);
  }

  #introduction(): Introduction {
    const { info, instance, birth } = this.#settings;
    return introductionOf({
      info,
      instance,
      founding: this.#founding.known,
      birth,
      restart: this.#restart,
      driver: this.#driver,
      foundAt: this.#directory.addresses,
    });
  }

  #status(): ReturnType<typeof consensusStatus> {
    return consensusStatus({
      self: this.#settings.info.id,
      raft: this.#driver?.status() ?? null,
      birth: this.#settings.birth,
      snapshotIndex: this.#keeper?.newestIndex ?? 0,
      logBytes: this.#ports.log.bytes(),
      storageTrouble: this.#driver?.storageTrouble ?? null,
      transport: this.#ports.transport,
      foundAt: this.#directory.addresses,
    });
  }

  /** Whether it leads at all is the core's to say, and its answer is the better one. */
  #unprepared(next: Membership): readonly NodeId[] {
    const raft = this.#driver?.status();
    return raft?.role === 'leader' ? unpreparedVoters(raft, next) : [];
  }

  #running(): RaftDriver {
    assert(this.#driver !== null, 'the driver is not yet running');
    return this.#driver;
  }

  readonly #tell = (event: ConsensusEvent): void => {
    this.#ports.line.post({ kind: 'event', event });
  };

  #tellPeers(): void {
    this.#ports.line.post({ kind: 'peers', peers: this.#directory.infos });
  }

  async #close(): Promise<void> {
    this.#mainThread.close();
    this.#birth.close();
    this.#reads.close();
    this.#keeper?.close();
    this.#directory.close();
    this.#search.close();
    await this.#ports.transport.close();
    if (this.#driver === null) await this.#ports.log.close();
    else await this.#driver.close();
    this.#ports.line.post({ kind: 'closed' });
  }
}
