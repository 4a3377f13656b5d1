package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// configName is the config's name in the working folder, and below the user's config folder.
const configName = "warroom.yaml"

// findConfig is the config to read: the one asked for, else ./warroom.yaml, else the user's own.
func (p *process) findConfig(asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	places := p.configPlaces()
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("look for the config: %w: give yourself the right to read its folder, or name another with --config", err)
		}
	}
	return "", &noConfigError{places}
}

// configPlaces are where a config is looked for that nobody names.
func (p *process) configPlaces() []string {
	places := []string{configName}
	if home, err := p.folder("XDG_CONFIG_HOME", ".config"); err == nil {
		places = append(places, filepath.Join(home, "warroom", configName))
	}
	return places
}

// noConfigError is that there is no config, which not every verb needs.
type noConfigError struct{ places []string }

func (e *noConfigError) Error() string {
	return fmt.Sprintf("no config: neither %s exists; write one (see warroom live --help), name one with --config, or try: warroom rehearse",
		strings.Join(e.places, " nor "))
}

// keysOf are the rebindings of the config that is asked for, or of the one that is found; none where there is
// no config. One that is found and broken is told, and does not keep anybody from looking at a recording.
func (p *process) keysOf(asked string) (map[string]string, error) {
	c, err := p.configFor(asked, "the keys are")
	if c == nil || err != nil {
		return nil, err
	}
	return c.Keys, nil
}

// configFor is the config that is asked for, or the one that is found, for a verb that needs none; nil where there is
// none. One that is found and broken is told, with what is the house's instead.
func (p *process) configFor(asked, instead string) (*config, error) {
	path, err := p.findConfig(asked)
	if _, none := errors.AsType[*noConfigError](err); none {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := loadConfig(path)
	if err != nil && asked == "" {
		p.complain(fmt.Errorf("%s those of the house: %w", instead, err))
		return nil, nil
	}
	return c, err
}

// recordingPath is where the recording of a launch is kept: the config's own choice, taken from the
// config's folder, else LAUNCH-DATE.warroom in the user's state folder. The date is T0's, where T0 was
// written: so the same launch goes on in the same file after midnight, and after a restart.
func (p *process) recordingPath(c *config) (string, error) {
	if c.Recording != "" {
		return c.at(c.Recording), nil
	}
	state, err := p.folder("XDG_STATE_HOME", ".local/state")
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%s.warroom", fileName(c.Launch.Name), c.Launch.T0.Format("2006-01-02"))
	return filepath.Join(state, "warroom", name), nil
}

// folder is one of the user's folders: what the variable says if it is absolute, as the XDG base
// directory specification (0.8) demands, else the place below the home folder.
func (p *process) folder(variable, below string) (string, error) {
	if v := p.env(variable); filepath.IsAbs(v) {
		return v, nil
	}
	home := p.env("HOME")
	if home == "" {
		return "", fmt.Errorf("find the user's folders: neither %s nor HOME is set", variable)
	}
	return filepath.Join(home, below), nil
}

// fileName is the launch's name as it may stand in a file's name.
func fileName(launch string) string {
	keep := func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return '-'
	}
	name := strings.Trim(strings.Map(keep, launch), "-")
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	if name == "" {
		return "launch"
	}
	return name
}
