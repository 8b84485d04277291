/** The page: clusters at the left, the chosen one's tree in the middle, what was done and who decides at the right. */
import { useEffect, useState } from 'react';
import { Audit } from './audit.js';
import { ClusterList } from './cluster-list.js';
import { HostNames } from './host-names.js';
import { useLive, useNow } from './live.js';
import { Nodes } from './nodes.js';
import type { ClusterView, Overview } from './overview.js';
import { Problems } from './problems.js';
import { Recoveries } from './recoveries.js';
import { ServerDetails } from './server-details.js';
import { TopologyGraph } from './topology-graph.js';
import { Unanswered } from './unanswered.js';
import { ageText } from './words.js';

export function Page() {
  const live = useLive();
  const now = useNow();
  if (live.overview === null) {
    return <p className="loading">{live.connected ? 'Reading the state…' : 'This node does not answer yet…'}</p>;
  }
  return <Loaded overview={live.overview} connected={live.connected} now={now} ageMs={now - live.receivedAtMs} />;
}

function Loaded(props: { overview: Overview; connected: boolean; now: number; ageMs: number }) {
  const { overview, connected, now, ageMs } = props;
  const [chosen, choose] = useChosenCluster(overview.clusters);
  const [serverId, setServerId] = useState<string | null>(null);
  const server = chosen?.servers.find((one) => one.id === serverId) ?? null;
  return (
    <HostNames value={overview.textRemovedFromHosts}>
      <div className="page">
        <Banner overview={overview} connected={connected} ageMs={ageMs} />
        <nav aria-label="Clusters">
          <ClusterList clusters={overview.clusters} chosen={chosen?.id ?? null} onChoose={choose} />
          <Unanswered addresses={overview.unanswered} />
        </nav>
        <main>
          {chosen === null ? (
            <p className="loading">
              No cluster is known yet. Name a server: orchestrator-client -c discover -i HOST:PORT
            </p>
          ) : (
            <>
              <Problems cluster={chosen} />
              <TopologyGraph cluster={chosen} chosen={serverId} onChoose={setServerId} />
              {server !== null && (
                <ServerDetails
                  key={server.id}
                  server={server}
                  primary={chosen.name}
                  onClose={() => {
                    setServerId(null);
                  }}
                />
              )}
            </>
          )}
        </main>
        <aside>
          <Nodes members={overview.members} node={overview.node} />
          <Recoveries recoveries={overview.recoveries} clusterId={chosen?.id ?? null} now={now} />
          <Audit lines={overview.audit} />
        </aside>
      </div>
    </HostNames>
  );
}

/** The choice is in the address bar, so that a link shows the same cluster to somebody else. */
function useChosenCluster(clusters: readonly ClusterView[]) {
  const [hash, setHash] = useState(() => decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    const read = (): void => {
      setHash(decodeURIComponent(location.hash.slice(1)));
    };
    addEventListener('hashchange', read);
    return () => {
      removeEventListener('hashchange', read);
    };
  }, []);
  const worst = [...clusters].sort((one, other) => other.problems.length - one.problems.length)[0];
  const chosen =
    clusters.find((cluster) => cluster.id === hash || cluster.name === hash || cluster.alias === hash) ?? worst ?? null;
  const choose = (id: string): void => {
    location.hash = encodeURIComponent(id);
  };
  return [chosen, choose] as const;
}

function Banner(props: { overview: Overview; connected: boolean; ageMs: number }) {
  const { overview, connected, ageMs } = props;
  const { node } = overview;
  return (
    <header>
      <h1>orchestrator</h1>
      <span className="where">
        {node.id} · {node.role} · term {node.term}
      </span>
      {overview.message !== '' && <span className="flag warning">{overview.message}</span>}
      {!overview.recoveriesEnabled && <span className="flag bad">Recoveries are disabled everywhere</span>}
      {overview.brake !== null && (
        <span className="flag bad" title="orchestrator-client -c release-brake">
          Automatic recovery has stopped itself: {overview.brake}
        </span>
      )}
      {!node.inQuorum && <span className="flag bad">This node has no leader: what it shows may be old</span>}
      {!connected && <span className="flag bad">Connection lost {ageText(ageMs)} ago, trying again</span>}
      {connected && node.inQuorum && <span className="flag good">live</span>}
    </header>
  );
}
