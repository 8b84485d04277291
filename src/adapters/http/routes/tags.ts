/**
 * Tags. `name=value`, `name`, and where tags are looked for `~name` or `!name` for servers without it; several of them,
 * with commas between, must all hold. A tag is given in the query or in the path.
 */
import { failed, ok, type Result } from '../../../core/base/result.js';
import type { Tag } from '../../../core/ledger/records.js';
import { addressText } from '../../../core/topology/address.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import type { Answer } from '../../../runtime/ports/service.js';
import { resolveServer } from '../hints.js';
import { instanceKey, instanceKeys } from '../legacy/values.js';
import { bare, declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, each, type Route, read, write } from '../route.js';

export const TAG_ROUTES: readonly Route[] = [
  read('/api/tagged', tagged),
  read('/api/tags/:host/:port', tags),
  ...each(['/api/tag-value/:host/:port', '/api/tag-value/:host/:port/:tagName'], (path) => read(path, tagValue)),
  ...each(['/api/tag/:host/:port', '/api/tag/:host/:port/:tagName/:tagValue'], (path) => write(path, tag)),
  ...each(['/api/untag/:host/:port', '/api/untag/:host/:port/:tagName'], (path) => write(path, untag)),
  ...each(['/api/untag-all', '/api/untag-all/:tagName/:tagValue'], (path) => write(path, untagAll)),
];

interface TagTerm {
  readonly name: string;
  readonly value: string;
  /** `name=` has one, which is empty. */
  readonly hasValue: boolean;
  readonly negated: boolean;
}

/** One term. The error is a sentence. */
export function parseTag(text: string): Result<TagTerm, string> {
  const match = /^([~!]?)([^=,\s~!][^=,]*)(?:(=)(.*))?$/s.exec(text.trim());
  if (match === null) return failed(`Unable to parse tag: "${text}"; give NAME or NAME=VALUE`);
  const [, negation, name = '', equals, value = ''] = match;
  if (negation !== '' && equals !== undefined) {
    return failed(`Unable to parse tag: "${text}"; a tag that must be absent has no value`);
  }
  return ok({ name: name.trim(), value: value.trim(), hasValue: equals !== undefined, negated: negation !== '' });
}

function termOf(call: Call): Result<TagTerm, string> {
  const name = call.param('tagName');
  const term = name === '' ? call.query('tag') : name;
  const parsed = parseTag(call.param('tagValue') === '' ? term : `${term}=${call.param('tagValue')}`);
  if (parsed.ok && parsed.value.negated) return failed(`Unable to parse tag: "${term}"; it is negated`);
  return parsed;
}

function known(call: Call, door: Door, purpose: 'reading' | 'changing'): Result<Server, string> {
  return resolveServer(door.views.index(), call.param('host'), call.param('port'), purpose);
}

function tagsOf(server: Server, door: Door): readonly Tag[] {
  return door.service.state.tags.get(server.id) ?? [];
}

function tags(call: Call, door: Door): Reply {
  const found = known(call, door, 'reading');
  if (!found.ok) return refused(found.error);
  return bare(tagsOf(found.value, door).map(({ name, value }) => `${name}=${value}`));
}

function tagValue(call: Call, door: Door): Reply {
  const found = known(call, door, 'reading');
  if (!found.ok) return refused(found.error);
  const term = termOf(call);
  if (!term.ok) return refused(term.error);
  const { name } = term.value;
  const present = tagsOf(found.value, door).find((one) => one.name === name);
  return present === undefined
    ? refused(`tag ${name} not found for ${addressText(found.value.address)}`)
    : bare(present.value);
}

function tagged(call: Call, door: Door): Reply {
  const terms: TagTerm[] = [];
  for (const text of call.query('tag').split(',')) {
    const term = parseTag(text);
    if (!term.ok) return refused(term.error);
    terms.push(term.value);
  }
  const fitting = door.views
    .index()
    .servers.filter((server) => terms.every((term) => fits(term, tagsOf(server, door))));
  return bare(instanceKeys(fitting.map(({ address }) => address)));
}

function fits(term: TagTerm, present: readonly Tag[]): boolean {
  const found = present.some(({ name, value }) => name === term.name && (!term.hasValue || value === term.value));
  return found !== term.negated;
}

async function tag(call: Call, door: Door): Promise<Reply> {
  const found = known(call, door, 'changing');
  if (!found.ok) return refused(found.error);
  const term = termOf(call);
  if (!term.ok) return refused(term.error);
  const { name, value, hasValue } = term.value;
  const answer = await door.service.putTag(found.value.id, { name, value }, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  const { address } = found.value;
  return done(`${addressText(address)} tagged with ${hasValue ? `${name}=${value}` : name}`, instanceKey(address));
}

async function untag(call: Call, door: Door): Promise<Reply> {
  const found = known(call, door, 'changing');
  if (!found.ok) return refused(found.error);
  const term = termOf(call);
  if (!term.ok) return refused(term.error);
  return await remove([found.value.id], term.value, call, door);
}

/** Without a server the value is mandatory: it would be too easy to lose the tags of everybody. */
async function untagAll(call: Call, door: Door): Promise<Reply> {
  const term = termOf(call);
  if (!term.ok) return refused(term.error);
  if (!term.value.hasValue) return refused(`untag-all: give the value too, as ${term.value.name}=VALUE`);
  return await remove([...door.service.state.tags.keys()], term.value, call, door);
}

async function remove(servers: readonly ServerId[], term: TagTerm, call: Call, door: Door): Promise<Reply> {
  const { name, value, hasValue } = term;
  const by = askedBy(call, door);
  const answer: Answer<readonly Server[]> = await door.service.removeTag(servers, name, hasValue ? value : null, by);
  if (!answer.ok) return declined(answer.refusal);
  const keys = instanceKeys(answer.value.map(({ address }) => address));
  return done(`${name} removed from ${String(keys.length)} instances`, keys);
}
