"""An environment that needs no AWS account: an AWS endpoint on this machine, and stacks deployed to it."""
