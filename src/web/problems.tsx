/** What is wrong with a cluster, on what evidence, and why nothing is done about it if nothing is. */
import type { ClusterView } from './overview.js';

export function Problems(props: { cluster: ClusterView }) {
  const { cluster } = props;
  const names = new Map(cluster.servers.map((server) => [server.id, server.address]));
  return (
    <section className="problems" aria-live="polite">
      <h2>
        {cluster.alias === '' ? cluster.name : cluster.alias}
        <span className="epoch">epoch {cluster.epoch}</span>
        {!cluster.automaticRecovery && (
          <span className="flag warning" title="RecoverMasterClusterFilters does not match this cluster">
            no automatic failover
          </span>
        )}
      </h2>
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
