/** What operators say about single servers: promotion rules, names for replicas, maintenance. */
import type { Candidate, Maintenance } from '../../../core/ledger/records.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import { promotionRuleOf } from '../../../core/topology/classification.js';
import type { Server } from '../../../core/topology/server.js';
import type { Answer } from '../../../runtime/ports/service.js';
import { resolveServer } from '../hints.js';
import { instanceKey, timestamp } from '../legacy/values.js';
import { bare, declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, type Route, read, write } from '../route.js';
import { withoutReason } from './downtimes.js';
import { nullWhenEmpty } from './clusters.js';

export const LABEL_ROUTES: readonly Route[] = [
  write('/api/register-candidate/:host/:port/:promotionRule', registerCandidate),
  // A read, and yet the incumbent wants the right to write for it.
  { ...read('/api/bulk-promotion-rules', promotionRules), role: 'operator' },
  write('/api/register-hostname-unresolve/:host/:port/:virtualname', registerUnresolve),
  write('/api/deregister-hostname-unresolve/:host/:port', removeUnresolve),
  write('/api/begin-maintenance/:host/:port/:owner/:reason', beginMaintenance),
  write('/api/end-maintenance/:host/:port', endMaintenance),
  write('/api/end-maintenance/:maintenanceKey', endMaintenanceByNumber),
  read('/api/in-maintenance/:host/:port', inMaintenance),
  read('/api/maintenance', (call, door) => bare(maintenances(call.nowMs, door))),
];

type Change = (server: Server, call: Call, door: Door) => Promise<Answer<Server>>;

/** A command about one server, which is never guessed, answered with its key. */
export async function change(
  call: Call,
  door: Door,
  run: Change,
  message: (address: Address) => string,
): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const answer = await run(found.value, call, door);
  if (!answer.ok) return declined(answer.refusal);
  const { address } = answer.value;
  return done(message(address), instanceKey(address));
}

function registerCandidate(call: Call, door: Door): Reply | Promise<Reply> {
  const text = call.param('promotionRule');
  const rule = promotionRuleOf(text);
  if (rule === null) {
    return refused(`Invalid CandidatePromotionRule: ${text}; give must, prefer, neutral, prefer_not or must_not`);
  }
  const run: Change = (server) => door.service.registerCandidate(server.id, rule, askedBy(call, door));
  return change(call, door, run, () => 'Registered candidate');
}

function promotionRules(_call: Call, door: Door): Reply {
  const { state } = door.service;
  const rows = [...state.candidates.values()].flatMap((candidate) => {
    const server = state.servers.get(candidate.server);
    return server === undefined ? [] : [promotionRuleRow(candidate, server)];
  });
  return bare(nullWhenEmpty(rows));
}

function promotionRuleRow(candidate: Candidate, { address }: Server): Readonly<Record<string, unknown>> {
  return {
    Hostname: address.host,
    Port: address.port,
    PromotionRule: candidate.rule,
    LastSuggestedString: timestamp(candidate.registeredAtMs),
    PromotionRuleExpiry: timestamp(candidate.expiresAtMs),
  };
}

function registerUnresolve(call: Call, door: Door): Reply | Promise<Reply> {
  const name = call.param('virtualname');
  if (!/^[\w.-]{1,255}$/.test(name)) return refused(`"${name}" is no host name`);
  const run: Change = (server) => door.service.registerUnresolve(server.id, name, askedBy(call, door));
  return change(call, door, run, () => 'Hostname register unresolve completed');
}

function removeUnresolve(call: Call, door: Door): Promise<Reply> {
  const run: Change = (server) => door.service.removeUnresolve(server.id, askedBy(call, door));
  return change(call, door, run, () => 'Hostname deregister unresolve completed');
}

function beginMaintenance(call: Call, door: Door): Reply | Promise<Reply> {
  const unsaid = withoutReason(call);
  if (unsaid !== null) return unsaid;
  const run: Change = (server) => door.service.beginMaintenance(server.id, call.param('owner'), call.param('reason'));
  return change(call, door, run, (address) => `Maintenance begun: ${addressText(address)}`);
}

function endMaintenance(call: Call, door: Door): Promise<Reply> {
  const run: Change = (server) => door.service.endMaintenance(server.id, askedBy(call, door));
  return change(call, door, run, (address) => `Maintenance ended: ${addressText(address)}`);
}

async function endMaintenanceByNumber(call: Call, door: Door): Promise<Reply> {
  const text = call.param('maintenanceKey');
  const active = [...door.service.state.maintenances.values()].find(({ number }) => String(number) === text);
  if (active === undefined) return refused(`No maintenance is active under the number ${text}`);
  const answer = await door.service.endMaintenance(active.server, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Maintenance ended: ${text}`, active.number);
}

function inMaintenance(call: Call, door: Door): Reply {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
  if (!found.ok) return refused(found.error);
  const active = activeMaintenance(found.value, call.nowMs, door);
  return done(String(active !== null), active === null ? '' : addressText(found.value.address));
}

/** In force: it may have run out while no entry of the log has said so yet. */
function activeMaintenance(server: Server, nowMs: number, door: Door): Maintenance | null {
  const maintenance = door.service.state.maintenances.get(server.id);
  return maintenance === undefined || maintenance.endsAtMs <= nowMs ? null : maintenance;
}

function maintenances(nowMs: number, door: Door): readonly unknown[] {
  const { state } = door.service;
  return [...state.maintenances.values()].flatMap((maintenance) => {
    const server = state.servers.get(maintenance.server);
    if (server === undefined || maintenance.endsAtMs <= nowMs) return [];
    return [
      {
        MaintenanceId: maintenance.number,
        Key: instanceKey(server.address),
        BeginTimestamp: timestamp(maintenance.beganAtMs),
        SecondsElapsed: Math.max(0, Math.floor((nowMs - maintenance.beganAtMs) / 1000)),
        IsActive: true,
        Owner: maintenance.owner,
        Reason: maintenance.reason,
      },
    ];
  });
}
