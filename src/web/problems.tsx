/** What is wrong with a cluster, on what evidence, and why nothing is done about it if nothing is. */
import { useShownHost } from './host-names.js';
import type { ClusterView } from './overview.js';
import { Plan } from './plan.js';
import { inPath } from './asked.js';

export function Problems(props: { cluster: ClusterView }) {
  const { cluster } = props;
  const shown = useShownHost();
  const names = new Map(cluster.servers.map((server) => [server.id, shown(server.address)]));
  return (
    <section className="problems" aria-live="polite">
      <h2>
        {cluster.alias === '' ? shown(cluster.name) : cluster.alias}
        <span className="epoch">epoch {cluster.epoch}</span>
        <FailoverBadge failover={cluster.failover} />
      </h2>
      {!cluster.failover.wouldFailOver && (
        <details className="failover">
          <summary>Why it would not be failed over now</summary>
          <ul>
            {cluster.failover.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
      <Plan
        summary="What would be done if its primary died now"
        url={`api/v1/plan/automatic/${inPath(cluster.name)}`}
        command=""
      />
      {cluster.problems.map((problem) => (
        <article
          key={`${problem.server}${problem.code}`}
          className={problem.severity === 'critical' ? 'bad' : 'warning'}
        >
          <h3>
            {problem.code} <span>{names.get(problem.server) ?? problem.server}</span>
          </h3>
          <p>{problem.description}</p>
          {problem.because.length > 0 && <p className="because">{problem.because.join(' · ')}</p>}
          {problem.restraint.map((reason) => (
            <p key={reason} className="restraint">
              Nothing is done: {reason}
            </p>
          ))}
        </article>
      ))}
    </section>
  );
}

/** What would happen if the primary died now. */
function FailoverBadge({ failover }: { failover: ClusterView['failover'] }) {
  if (!failover.wouldFailOver) {
    return (
      <span className="flag warning" title={failover.reasons.join('\n')}>
        no automatic failover
      </span>
    );
  }
  const worth = failover.guaranteed ? 'nothing acknowledged would be lost' : 'acknowledged transactions may be lost';
  return (
    <span className="flag" title={worth}>
      fails over to {failover.successor}
    </span>
  );
}
