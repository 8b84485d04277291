/** The cluster drawn: who replicates from whom, laid out from the top, each server with its state in words and colour. */
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { memo, useMemo } from 'react';
import { useShownHost } from './host-names.js';
import { layOut, NODE_HEIGHT, NODE_WIDTH } from './layout.js';
import type { ClusterView, ServerView } from './overview.js';
import { healthOf, stateText } from './words.js';

type ServerNode = Node<{ server: ServerView }, 'server'>;

const NODE_TYPES = { server: memo(ServerBox) };

export function TopologyGraph(props: {
  cluster: ClusterView;
  chosen: string | null;
  onChoose: (id: string | null) => void;
}) {
  const { cluster, chosen, onChoose } = props;
  const { nodes, edges } = useMemo(() => drawn(cluster.servers, chosen), [cluster.servers, chosen]);
  // A new shape of the tree is fitted into view again; a new state of the same tree is not.
  const shape = edges.map((edge) => edge.id).join() + String(nodes.length);
  return (
    <div className="graph" data-testid="topology">
      <ReactFlow
        key={`${cluster.id}${shape}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.2 }}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_event, node) => {
          onChoose(node.id);
        }}
        onPaneClick={() => {
          onChoose(null);
        }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function drawn(servers: readonly ServerView[], chosen: string | null): { nodes: ServerNode[]; edges: Edge[] } {
  const places = layOut(servers);
  const nodes = servers.map((server): ServerNode => {
    const place = places.get(server.id) ?? { x: 0, y: 0 };
    return {
      id: server.id,
      type: 'server',
      position: place,
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      data: { server },
      selected: server.id === chosen,
    };
  });
  const edges = servers
    .filter((server) => server.source !== null && places.has(server.source))
    .map((server): Edge => {
      const running = server.ioThread === 'running' && server.valid;
      return {
        id: `${server.source ?? ''}>${server.id}`,
        source: server.source ?? '',
        target: server.id,
        animated: running,
        className: running ? 'flows' : 'broken',
      };
    });
  return { nodes, edges };
}

function ServerBox({ data, selected }: NodeProps<ServerNode>) {
  const { server } = data;
  const shown = useShownHost();
  return (
    <div
      className={`server ${healthOf(server)}${selected ? ' selected' : ''}`}
      data-role={server.role}
      data-address={server.address}
    >
      <Handle type="target" position={Position.Top} />
      <strong title={server.address}>{shown(server.address)}</strong>
      <span className="role">
        {server.role === 'former-primary' ? 'former primary' : server.role} · {server.version}
      </span>
      <span className="state">{stateText(server)}</span>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}
