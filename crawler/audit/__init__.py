"""What is found in a snapshot: rules with stable ids, what of them is let pass, and the forms findings are told in."""
