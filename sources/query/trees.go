package query

import (
	"sync"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// trees is a parser that keeps what it has parsed until the next evaluation of the same text, which is all that Prometheus'
// engine takes. A tree is lent to one evaluation at a time: the engine hangs series onto it.
type trees struct {
	parser.Parser
	mu   sync.Mutex
	free map[string][]parser.Expr
}

// treesMost bounds the texts of which trees are kept.
const treesMost = 2000

func newTrees(p parser.Parser) *trees {
	return &trees{Parser: p, free: map[string][]parser.Expr{}}
}

// ParseExpr lends a tree that has been given back, or parses the text.
func (t *trees) ParseExpr(text string) (parser.Expr, error) {
	if tree := t.lend(text); tree != nil {
		return tree, nil
	}
	return t.Parser.ParseExpr(text)
}

// lend is a tree that has been given back, nil where there is none.
func (t *trees) lend(text string) parser.Expr {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.free[text]
	if len(kept) == 0 {
		return nil
	}
	t.free[text] = kept[:len(kept)-1]
	return kept[len(kept)-1]
}

// keep takes the tree of an evaluation that is over back, without its series. One that the engine has rebuilt is let go: it
// cannot be prepared twice.
func (t *trees) keep(text string, q promql.Query) {
	statement, ok := q.Statement().(*parser.EvalStmt)
	q.Close()
	if !ok {
		return
	}
	whole := true
	parser.Inspect(statement.Expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			n.Series, n.UnexpandedSeriesSet = nil, nil
			whole = whole && len(n.LabelMatchers) > 0 // else it is the values of a subquery, in the place of it
		case *parser.StepInvariantExpr:
			whole = false
		}
		return nil
	})
	if !whole {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) >= treesMost {
		clear(t.free)
	}
	t.free[text] = append(t.free[text], statement.Expr)
}
