@server @cashouts
Feature: Cashouts can be called only from whitelisted addresses

  @CASH-SEC-04 @CASH-IP-01 @must
  Rule: only whitelisted addresses reach the API

    Scenario Outline: a <request> request from an address that is not whitelisted
      Given a <request> request that the server accepts
      When it is sent from an address that is not whitelisted in every state
      Then each is refused because of its address, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

    Scenario Outline: a <request> request from an address that claims to be another
      Given a <request> request that the server accepts
      When it is sent with every claim to be another address
      Then each is refused because of its address, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

    @alone
    Scenario Outline: an address that is whitelisted for a while, and a <request> request
      Given a <request> request that the server accepts
      When another address is whitelisted for cashouts
      Then it is accepted from there
      And it is refused from addresses that begin like that
      When the address is taken off the whitelist
      Then it is refused from there

      Examples:
        | request                |
        | every cashouts request |

    @last @alone @full
    Scenario Outline: an address that was taken off the whitelist when the run began, and a <request> request when it is <moment>
      Given a <request> request that the server accepts
      When it is <moment>
      And it is sent from an address that is not whitelisted in every state
      Then each is refused because of its address, and none has an effect

      Examples:
        | request   | moment       |
        | cashout | every moment |

  @PANEL-07 @must
  Rule: cashouts have a whitelist of their own

    @alone
    Scenario Outline: an address that is whitelisted for deposits, and a <request> request
      Given a <request> request that the server accepts
      And another address is whitelisted for deposits
      When it is sent from an address that is not whitelisted in every state
      Then each is refused because of its address, and none has an effect

      Examples:
        | request                |
        | every cashouts request |
