/** The orchestrators themselves: who leads, who was heard. */
import type { MemberView, Overview } from './overview.js';
import { ageText } from './words.js';

export function Nodes(props: { members: readonly MemberView[]; node: Overview['node'] }) {
  const { members, node } = props;
  return (
    <section className="nodes">
      <h2>Orchestrators</h2>
      <ul>
        {members.map((member) => (
          <li key={member.id} data-leader={member.isLeader}>
            <span className={`dot ${colourOf(member, node)}`} />
            {member.httpAddress === '' ? <span>{member.id}</span> : <a href={member.httpAddress}>{member.id}</a>}
            <span className="role">
              {member.isLeader ? 'leader' : member.voter ? 'follower' : 'learner'}
              {member.isSelf && ', this node'}
            </span>
            {member.lastHeardMs !== null && !member.isSelf && (
              <span className="heard">heard {ageText(member.lastHeardMs)} ago</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Only the leader hears everybody; a follower vouches for itself and its leader. */
function colourOf(member: MemberView, node: Overview['node']): string {
  if (member.isSelf) return node.inQuorum ? 'good' : 'bad';
  if (member.isLeader) return 'good';
  if (member.lastHeardMs === null) return 'quiet';
  return member.lastHeardMs < SILENT_MS ? 'good' : 'bad';
}

/** Several heartbeats: a member that was not heard for so long is down or cut off. */
const SILENT_MS = 3000;
