package theme

// shade is one role's colour in each of the three palettes.
type shade struct {
	full    uint32 // true colour, 0xRRGGBB; 0 = use the indexed one
	indexed uint8  // of the 256 colours; 0 = the terminal's own
	basic   int8   // of the 16 colours; own = the terminal's own
}

// own leaves a colour to the terminal.
const own = -1

// night is the palette for dark terminals: a calm blue-grey room in which amber and red are the only
// warm colours.
var night = [roles]shade{
	Plain:       {0, 0, own},
	Bar:         {0x262b33, 235, own},
	Page:        {0xc4262e, 160, 1},
	Label:       {0x2f6f9f, 25, 4},
	Band:        {0xd7af5f, 179, 3},
	Stripe:      {0x3a3320, 236, own},
	Chosen:      {0x303642, 237, own},
	Text:        {0xc9d1d9, 252, own},
	Strong:      {0xf0f3f6, 255, 15},
	Faint:       {0x8b949e, 245, 8},
	Border:      {0x454c55, 239, 8},
	Good:        {0x7fb58a, 108, 2},
	Warn:        {0xf0a832, 214, 3},
	Bad:         {0xff5f5f, 203, 9},
	Accent:      {0x6cb6ff, 75, 14},
	Ink:         {0xffffff, 231, 15},
	BandInk:     {0x14100a, 16, 0},
	Provisional: {0x6e7681, 243, 8},
	Stale:       {0x59616b, 241, 8},
	Calm1:       {0x3d6b6f, 66, 6},
	Calm2:       {0x4c8587, 66, 6},
	Calm3:       {0x5fa39f, 73, 6},
	Calm4:       {0x7cc0b4, 115, 14},
	Warn1:       {0x8f6620, 136, 3},
	Warn2:       {0xb37f26, 172, 3},
	Warn3:       {0xd6972c, 178, 3},
	Warn4:       {0xf5b544, 214, 11},
	Bad1:        {0x8c3335, 131, 1},
	Bad2:        {0xb84143, 167, 1},
	Bad3:        {0xdc5050, 203, 9},
	Bad4:        {0xff7070, 210, 9},
}

// light is the palette for light terminals: the same room by day.
var light = [roles]shade{
	Plain:       {0, 0, own},
	Bar:         {0xe4e7eb, 254, 7},
	Page:        {0xc4262e, 160, 1},
	Label:       {0x2f6f9f, 25, 4},
	Band:        {0x8a5a00, 94, 3},
	Stripe:      {0xf3ead2, 230, 7},
	Chosen:      {0xd8e4f2, 253, 7},
	Text:        {0x24292f, 236, own},
	Strong:      {0x000000, 16, 0},
	Faint:       {0x656d76, 242, 8},
	Border:      {0xb4bac1, 249, 7},
	Good:        {0x2f7d3b, 28, 2},
	Warn:        {0x9a5b00, 130, 3},
	Bad:         {0xc4262e, 160, 1},
	Accent:      {0x0a5cad, 25, 4},
	Ink:         {0xffffff, 231, 15},
	BandInk:     {0xffffff, 231, 15},
	Provisional: {0x8c959f, 246, 8},
	Stale:       {0xa6adb5, 247, 8},
	Calm1:       {0x8fbfc0, 109, 6},
	Calm2:       {0x66a3a5, 73, 6},
	Calm3:       {0x3f8789, 66, 6},
	Calm4:       {0x226b6e, 23, 6},
	Warn1:       {0xe0b15c, 179, 3},
	Warn2:       {0xcf9430, 172, 3},
	Warn3:       {0xb87a10, 136, 3},
	Warn4:       {0x9a5b00, 130, 3},
	Bad1:        {0xe79a9a, 174, 1},
	Bad2:        {0xdb6b6b, 167, 1},
	Bad3:        {0xcf4343, 160, 1},
	Bad4:        {0xb31d28, 124, 1},
}
