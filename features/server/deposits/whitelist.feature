@server @deposits
Feature: Deposits can be called only from whitelisted addresses

  @DEP-SEC-04 @DEP-IP-01 @must
  Rule: only whitelisted addresses reach the API

    Scenario Outline: a <request> request from an address that is not whitelisted
      Given a <request> request that the server accepts
      When only it is sent from an address that is not whitelisted
      Then it is refused

      Examples:
        | request         |
        | deposit         |
        | deposit status  |
        | refund          |
        | payment methods |

    Scenario Outline: an address that claims in <header> to be another
      Given a deposit request that the server accepts
      When only it is sent from an address that is not whitelisted, with our own in <header>
      Then it is refused

      Examples:
        | header          |
        | X-Forwarded-For |
        | X-Real-IP       |
        | Forwarded       |

    @alone
    Scenario: an address that is whitelisted, and no more
      Given a deposit request that the server accepts
      When another address is whitelisted for deposits
      Then it is accepted from there
      And refused from there once it is taken off the list

  @PANEL-08 @must
  Rule: deposits have a whitelist of their own

    @alone
    Scenario: an address that is whitelisted for cashouts
      Given a deposit request that the server accepts
      When another address is whitelisted for cashouts
      Then it is refused from there
