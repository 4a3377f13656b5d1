package awswire

// documents are the configurations that clients have written, beyond what moves the site.
type documents struct {
	distributions map[string]node       // by id
	descriptions  map[string]string     // of web ACLs, by id
	events        []dbEvent             // of clusters, oldest first
	stickiness    map[string]stickiness // of listeners that forward, by ARN
}

// stick remembers for how long a listener keeps a visitor with a target group.
func (d *documents) stick(listener string, s stickiness) {
	if d.stickiness == nil {
		d.stickiness = make(map[string]stickiness)
	}
	d.stickiness[listener] = s
}

// describe remembers a web ACL's description.
func (d *documents) describe(id, text string) {
	if d.descriptions == nil {
		d.descriptions = make(map[string]string)
	}
	d.descriptions[id] = text
}

// keep remembers a distribution's configuration.
func (d *documents) keep(id string, config node) {
	if d.distributions == nil {
		d.distributions = make(map[string]node)
	}
	d.distributions[id] = config
}

// clone is a deep copy.
func (n node) clone() node {
	children := make([]node, len(n.Children))
	for i, c := range n.Children {
		children[i] = c.clone()
	}
	n.Children = children
	return n
}
