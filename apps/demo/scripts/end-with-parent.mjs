// Loaded before a program that nothing but its parent needs: it ends when the parent does, also one that is killed.

process.once('disconnect', () => process.exit(1))
process.channel.unref()
