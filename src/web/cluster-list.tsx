/** Every cluster in a line: its name, how many servers, and what is wrong. */
import { useShownHost } from './host-names.js';
import type { ClusterView } from './overview.js';

export function ClusterList(props: {
  clusters: readonly ClusterView[];
  chosen: string | null;
  onChoose: (id: string) => void;
}) {
  const { clusters, chosen, onChoose } = props;
  const shown = useShownHost();
  return (
    <>
      <h2>Clusters</h2>
      <ul className="clusters">
        {clusters.map((cluster) => (
          <li key={cluster.id}>
            <button
              type="button"
              aria-current={cluster.id === chosen}
              onClick={() => {
                onChoose(cluster.id);
              }}
            >
              <span className={`dot ${cluster.problems.length === 0 ? 'good' : severity(cluster)}`} />
              <span className="name">{cluster.alias === '' ? shown(cluster.name) : cluster.alias}</span>
              <span className="count">
                {cluster.servers.length} {cluster.servers.length === 1 ? 'server' : 'servers'}
              </span>
              {!cluster.failover.wouldFailOver && (
                <span className="note" title={cluster.failover.reasons.join('\n')}>
                  no automatic failover
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function severity(cluster: ClusterView): string {
  return cluster.problems.some((problem) => problem.severity === 'critical') ? 'bad' : 'warning';
}
