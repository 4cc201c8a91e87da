@client @deposits
Feature: A client signs what it sends

  @DEP-SIG-01 @must
  Rule: the signature is an HMAC-SHA-256 made with the merchant's own API Signature

    Scenario: the key of every signature
      Given a client that works with deposits
      Then signatures are made with the deposits API Signature

    Scenario: what it is given to sign
      Given a client that signs deposits that it is given
      Then signatures are made with the deposits API Signature

  @DEP-SIG-04 @must
  Rule: the signature covers the date, the login and every byte of the body

    Scenario: the text under every signature
      Given a client that works with deposits
      Then signatures are over X-Date, X-Login and the bytes that are sent

    Scenario: the text under what it is given to sign
      Given a client that signs deposits that it is given
      Then signatures are over X-Date, X-Login and the bytes that are sent

    Scenario: notifications that were changed on their way
      Given a client that verifies notifications of deposits and refunds
      Then it accepts those that are right, and no others

    Scenario Outline: a deposit for <name>
      Given a client that creates a deposit for a person named "<name>"
      Then signatures are over X-Date, X-Login and the bytes that are sent

      Examples:
        | name               |
        | José Ñuñez 李      |
        | Zoë / Ana-María    |
        | 😀 Maria 🇧🇷         |
        | <Smith & Sons>     |
        | D'Ávila \\ Filhos  |
        | 100 % Ação + João  |
