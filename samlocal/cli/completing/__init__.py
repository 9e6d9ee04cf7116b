"""What a shell offers at Tab: answered from files alone, in silence where there is nothing to offer."""
