package simulator

import (
	"fmt"
	"strings"
	"time"
)

// KeyValueStore is what a function at every place of the edge reads: while the value of its key is FlagOn, it sends what is
// not cached to the maintenance origin.
type KeyValueStore struct {
	ARN  string
	ETag string // of the data; changes with each write
	Keys map[string]string
}

// EdgeFunction is a CloudFront function as it is published.
type EdgeFunction struct {
	Name     string
	ARN      string
	ETag     string
	Code     string
	StoreARN string // of the store that it may read
	Modified time.Time
}

// edgeFunction is the one that reads the flag.
func (s *site) edgeFunction() EdgeFunction {
	name := s.scenario.Name + "-maintenance"
	return EdgeFunction{Name: name, ARN: s.names.arn("cloudfront", "", "function/"+name), ETag: "FN" + s.names.etag(1), Code: flagCode,
		StoreARN: s.names.storeARN(), Modified: s.created()}
}

// flagCode is what the function does.
const flagCode = `import cf from 'cloudfront';
const store = cf.kvs();
async function handler(event) {
  if (await store.get('` + FlagKey + `') === '` + FlagOn + `') {
    cf.selectRequestOriginById('` + OriginMaintenance + `');
  }
  return event.request;
}
`

// The key that the function reads, and its values.
const (
	FlagKey = "maintenance"
	FlagOn  = "on"
	FlagOff = "off"
)

const (
	secondsToFlag = 6   // until every place has read a changed value
	mostKeys      = 100 // more than a rehearsal needs
)

// flagged is the store and how far its flag has come.
type flagged struct {
	keys    map[string]string
	version int
	share   float64 // of the places that act on it
}

func newFlagged() flagged { return flagged{keys: map[string]string{FlagKey: FlagOff}, version: 1} }

// step lets a second pass in which places read the flag.
func (f *flagged) step() {
	if f.keys[FlagKey] == FlagOn {
		f.share = min(f.share+1.0/secondsToFlag, 1)
		return
	}
	f.share = max(f.share-1.0/secondsToFlag, 0)
}

func (n names) storeARN() string {
	return "arn:aws:cloudfront::" + n.account + ":key-value-store/" + n.aclID
}

// storeETag is that of the data plane.
func (n names) storeETag(version int) string { return "KV" + n.etag(version) }

// SetKey writes a key of the distribution's store. ifMatch is the ETag that the caller read; the new one comes back.
func (l *Launch) SetKey(store, key, value, ifMatch string) (etag string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, f := l.site.names, &l.site.edge.flag
	switch {
	case store != n.storeARN():
		return "", fmt.Errorf("%w: key value store %q", ErrUnknown, store)
	case ifMatch != n.storeETag(f.version):
		return "", fmt.Errorf("%w: the ETag %s of the store is not the newest", ErrPrecondition, ifMatch)
	case key == "" || len(key) > 512 || strings.TrimSpace(value) == "" || f.keys[key] == "" && len(f.keys) >= mostKeys:
		return "", fmt.Errorf("%w: key %q with value %q", ErrInvalid, key, value)
	}
	f.keys[key] = value
	f.version++
	return n.storeETag(f.version), nil
}
