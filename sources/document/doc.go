// Package document reads the YAML files that people write, and says of everything that is wrong with one where it
// stands, what is wanted there, and which valid word is the nearest. It also knows the one block that two kinds of
// files share: the launch.
package document
