"""An account as a graph: where calls can go, key by key, and what is doubtful about it. Pure.

`model` holds nodes and edges and cuts views out of them, `build` draws an account, `ways` looks
for ends, rounds and what nobody reaches.
"""

from ivrserver.blocks.graph.build import draw
from ivrserver.blocks.graph.model import Edge, EdgeKind, Graph, Node, NodeKind

__all__ = ["Edge", "EdgeKind", "Graph", "Node", "NodeKind", "draw"]
