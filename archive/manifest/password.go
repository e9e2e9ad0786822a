package manifest

import (
	"fmt"
	"os"
)

// Password gives the password of an encrypted key when it is needed. Any
// function will do that prompts for one.
type Password func() ([]byte, error)

// PasswordFromEnv reads the password from an environment variable, such as
// COSIGN_PASSWORD. A variable that is not set is an error; one that is set and
// empty is an empty password, which is what cosign makes of no password.
func PasswordFromEnv(name string) Password {
	return func() ([]byte, error) {
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("the environment variable %s is not set", name)
		}
		return []byte(value), nil
	}
}

// PasswordOf is a password that is known already.
func PasswordOf(password string) Password {
	return func() ([]byte, error) { return []byte(password), nil }
}
