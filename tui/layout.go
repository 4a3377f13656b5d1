package tui

// Rect is a piece of the screen. The screen is cut into named rectangles; whoever draws into one needs to
// know nothing of the others.
type Rect struct{ X, Y, W, H int }

// Empty tells whether there is no room in it.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Top cuts n rows off the top.
func (r Rect) Top(n int) (top, rest Rect) {
	n = min(max(n, 0), r.H)
	return Rect{r.X, r.Y, r.W, n}, Rect{r.X, r.Y + n, r.W, r.H - n}
}

// Bottom cuts n rows off the bottom.
func (r Rect) Bottom(n int) (bottom, rest Rect) {
	n = min(max(n, 0), r.H)
	return Rect{r.X, r.Y + r.H - n, r.W, n}, Rect{r.X, r.Y, r.W, r.H - n}
}

// Left cuts n columns off the left.
func (r Rect) Left(n int) (left, rest Rect) {
	n = min(max(n, 0), r.W)
	return Rect{r.X, r.Y, n, r.H}, Rect{r.X + n, r.Y, r.W - n, r.H}
}

// Right cuts n columns off the right.
func (r Rect) Right(n int) (right, rest Rect) {
	n = min(max(n, 0), r.W)
	return Rect{r.X + r.W - n, r.Y, n, r.H}, Rect{r.X, r.Y, r.W - n, r.H}
}

// Inset takes dx columns off both sides and dy rows off top and bottom.
func (r Rect) Inset(dx, dy int) Rect {
	return Rect{r.X + dx, r.Y + dy, max(r.W-dx-dx, 0), max(r.H-dy-dy, 0)}
}

// Within is the part of r that lies in other.
func (r Rect) Within(other Rect) Rect {
	x, y := max(r.X, other.X), max(r.Y, other.Y)
	return Rect{x, y, max(min(r.X+r.W, other.X+other.W)-x, 0), max(min(r.Y+r.H, other.Y+other.H)-y, 0)}
}

// Middle is a rectangle of w by h in the middle of r, smaller where r is.
func (r Rect) Middle(w, h int) Rect {
	w, h = min(w, r.W), min(h, r.H)
	return Rect{r.X + (r.W-w)/2, r.Y + (r.H-h)/2, w, h}
}

// Part is the i-th of n pieces of a length, with the remainder spread over the first ones.
func part(length, n, i int) (start, size int) {
	size, rest := length/n, length%n
	start = i*size + min(i, rest)
	if i < rest {
		size++
	}
	return start, size
}
